"""Passwords that are tried first, of eight characters and more; shorter ones are refused anyway."""

from typing import Final

COMMON: Final = frozenset(
    """
    password password1 password12 password123 password! passw0rd p@ssw0rd p@ssword pa55word
    qwertyui qwertyuiop qwerty12 qwerty123 qwerty1234 qwerty12345 qwerty123456 qwertyqwerty
    1q2w3e4r 1q2w3e4r5t 1qaz2wsx q1w2e3r4 q1w2e3r4t5 zaq12wsx qazwsxedc asdfghjk asdfghjkl zxcvbnm1
    iloveyou iloveyou1 sunshine princess football baseball superman batman123 starwars trustno1
    welcome1 welcome123 letmein1 letmein123 admin123 admin1234 administrator changeme changeme1
    default1 computer internet whatever jennifer jordan23 michelle charlie1 michael1 dragon123
    monkey123 master123 shadow123 freedom1 abcd1234 abc12345 abcdefgh abcdefg1 a1b2c3d4 aa123456
    a1234567 a12345678 1234qwer 12345qwert 123456789a 123qweasd test1234 testtest student1
    student123 teacher1 teacher123 employee1 employee123 owner123 academy1 harrypotter harry123
    hogwarts gryffindor slytherin tashkent toshkent tashkent1 uzbekistan ozbekiston uzbek123
    samarkand samarqand parol123 parol1234 salom123 assalomu privet123 ytrewq321 gfhjkm123 marhabo1
    google123 telegram facebook instagram samsung1 samsung123 pokemon1 minecraft killer123 hello123
    hellohello
    """.split()  # noqa: SIM905 - a hundred quotes would say less
)

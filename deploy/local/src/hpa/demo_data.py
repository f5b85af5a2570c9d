"""The people and the questions of the demo academy."""

from dataclasses import dataclass
from typing import Final

OWNER: Final = ("direktor", "Nodira Karimova")
TEACHERS: Final = (
    ("dilshod.rahimov", "Dilshod Rahimov"),
    ("gulnora.yusupova", "Gulnora Yusupova"),
    ("sherzod.tursunov", "Sherzod Tursunov"),
    ("malika.ismoilova", "Malika Ismoilova"),
    ("jamshid.qodirov", "Jamshid Qodirov"),
)
GIVEN: Final = (
    "Ali", "Aziza", "Bekzod", "Barno", "Davron", "Dilnoza", "Eldor", "Feruza", "G'ayrat", "Hilola",
    "Islom", "Jasur", "Kamola", "Laylo", "Madina", "Mirzo", "Nilufar", "Otabek", "Parizoda",
    "Ravshan", "Sabina", "Sardor", "Shahnoza", "Temur", "Umida", "Ulug'bek", "Vali", "Xurshid",
    "Yulduz", "Zarina",
)  # fmt: skip
FAMILY: Final = ("Valiyev", "Abdullayev")
WOMEN: Final = frozenset(
    {"Aziza", "Barno", "Dilnoza", "Feruza", "Hilola", "Kamola", "Laylo", "Madina", "Nilufar",
     "Parizoda", "Sabina", "Shahnoza", "Umida", "Yulduz", "Zarina"}
)  # fmt: skip


@dataclass(frozen=True)
class Paper:
    """An exam: its questions as (text, right answer, wrong ones…); no answers: a written one."""

    subject: str
    title: str
    minutes: int
    questions: tuple[tuple[str, ...], ...]


def students() -> list[tuple[str, str]]:
    """Return (user name, full name) of every student."""
    found = []
    for family in FAMILY:
        for given in GIVEN:
            surname = f"{family}a" if given in WOMEN else family
            plain = f"{given}.{surname}".lower().replace("'", "")
            found.append((plain, f"{given} {surname}"))
    return found


PAPERS: Final = (
    Paper(
        "Ingliz tili",
        "Ingliz tili - 1-hafta imtihoni",
        30,
        (
            ("What is the capital of England?", "London", "Paris", "Berlin", "Madrid"),
            ("She ___ to school every day.", "goes", "go", "going", "gone"),
            ("I have lived here ___ 2019.", "since", "for", "from", "by"),
            ("The opposite of “early” is …", "late", "soon", "fast", "first"),
            ("___ you ever been to Samarkand?", "Have", "Did", "Are", "Do"),
            ("The past tense of “buy” is …", "bought", "buyed", "brought", "boughted"),
            ("There isn't ___ milk in the fridge.", "any", "some", "many", "a"),
            ("Choose the correct plural: one child, two …", "children", "childs", "childrens"),
            ("If it rains, we ___ at home.", "will stay", "stayed", "would stay", "stays"),
            ("Describe your family in three sentences.",),
        ),
    ),
    Paper(
        "Ingliz tili",
        "Ingliz tili - 2-hafta imtihoni",
        30,
        (
            ("My brother is ___ than me.", "taller", "tall", "tallest", "more tall"),
            ("We ___ dinner when he called.", "were having", "are having", "have had", "had"),
            ("A person who teaches is a …", "teacher", "student", "driver", "doctor"),
            ("He speaks English very …", "well", "good", "nice", "goodly"),
            ("“O'qituvchi” in English is …", "teacher", "pupil", "lesson", "school"),
            ("I'm interested ___ history.", "in", "on", "at", "of"),
            ("The book ___ by Abdulla Qodiriy.", "was written", "wrote", "is writing", "writes"),
            ("Write about your favourite book.",),
        ),
    ),
    Paper(
        "Matematika",
        "Matematika - kasrlar va foizlar",
        40,
        (
            ("1/2 + 1/4 = ?", "3/4", "2/6", "1/6", "2/4"),
            ("200 ning 15 foizi nechchi?", "30", "15", "20", "35"),
            ("0,25 ni oddiy kasrda yozing.", "1/4", "1/5", "2/5", "25/10"),
            ("3/5 * 10 = ?", "6", "30", "15", "5"),
            ("Narx 80 000 so'm edi va 10 % oshdi.", "88 000", "81 000", "90 000", "72 000"),
            ("7² - 5² = ?", "24", "4", "12", "74"),
            ("x + 13 = 40, x = ?", "27", "53", "37", "23"),
            ("Uchburchak burchaklari yig'indisi necha gradus?", "180", "90", "360", "270"),
        ),
    ),
    Paper(
        "Ona tili",
        "Ona tili va adabiyot - takrorlash",
        35,
        (
            ("“O'tkan kunlar” romani muallifi kim?", "Abdulla Qodiriy", "Cho'lpon", "Oybek"),
            ("Alisher Navoiy qaysi shaharda tug'ilgan?", "Hirot", "Buxoro", "Xiva", "Toshkent"),
            ("Otlar qanday so'roqqa javob beradi?", "Kim? Nima?", "Qanday?", "Qachon?"),
            ("“Kitob” so'zida nechta bo'g'in bor?", "2", "1", "3", "5"),
            ("“Xamsa” nechta dostondan iborat?", "5", "4", "6", "7"),
            ("“Yaxshi” so'zining zid ma'nosi qaysi?", "yomon", "go'zal", "katta", "oson"),
            ("Sevimli asaringiz haqida yozing.",),
        ),
    ),
    Paper(
        "Informatika",
        "Informatika - kompyuter asoslari",
        25,
        (
            ("1 bayt necha bit?", "8", "2", "16", "1024"),
            ("Ikkilik sanoqdagi 101 o'nlikda nechchi?", "5", "3", "101", "6"),
            ("Qaysi biri kiritish qurilmasi?", "klaviatura", "monitor", "printer", "karnay"),
            ("HTML nima uchun kerak?", "veb-sahifa tuzish", "rasm chizish", "virusdan himoya"),
            ("Elektron pochta manzilida albatta bor:", "@", "#", "&", "%"),
            ("RAM nima?", "tezkor xotira", "qattiq disk", "protsessor", "tarmoq kartasi"),
        ),
    ),
)
DRAFT: Final = Paper(
    "Tarix",
    "Tarix - Amir Temur davri",
    30,
    (
        ("Amir Temur qachon tug'ilgan?", "1336-yil", "1370-yil", "1405-yil", "1402-yil"),
        ("Temuriylar davlatining poytaxti:", "Samarqand", "Buxoro", "Qarshi", "Shahrisabz"),
        ("Ulug'bek rasadxonasi qayerda?", "Samarqandda", "Hirotda", "Xivada", "Termizda"),
    ),
)
ESSAYS: Final = (
    "Mening oilamda besh kishi bor. Otam muhandis, onam shifokor. Biz Toshkentda yashaymiz.",
    "I have a big family. We live in Tashkent. My father is an engineer.",
    "“O'tkan kunlar” menga juda yoqadi, chunki unda sevgi va vatan haqida yozilgan.",
)
EXCUSES: Final = ("kasal", "yo'lda qoldi", "oilaviy sabab")

"""What exams refuses, in the languages that callers may ask for."""

from typing import Final

from shared.http.language import Texts

TEXTS: Final[Texts] = {
    "Bu fan bo'yicha imtihonlar mavjud, uni o'chirib bo'lmaydi.": {
        "ru": "По этому предмету есть экзамены, его нельзя удалить.",
        "en": "There are exams in this subject, it cannot be deleted.",
    },
    "No free exam code was found, try again later.": {
        "uz": "Imtihon uchun bo'sh kod topilmadi, keyinroq urinib ko'ring.",
        "ru": "Свободный код экзамена не найден, попробуйте позже.",
    },
    "subject with this name already exists.": {
        "uz": "Bunday nomli fan mavjud.",
        "ru": "Предмет с таким названием уже существует.",
    },
    "A test question needs at least {least} options.": {
        "uz": "Test savoliga kamida {least} ta variant kerak.",
        "ru": "Тестовому вопросу нужно не менее {least} вариантов.",
    },
    "A test question needs at least one correct option.": {
        "uz": "Test savoliga kamida bitta to'g'ri variant kerak.",
        "ru": "Тестовому вопросу нужен хотя бы один правильный вариант.",
    },
    "Give the numbers or letters of the right options, for example 1 or A,C.": {
        "uz": "To'g'ri variantlarning raqamini yoki harfini yozing, masalan 1 yoki A,C.",
        "ru": "Укажите номера или буквы правильных вариантов, например 1 или A,C.",
    },
    "A right option is blank.": {
        "uz": "To'g'ri deb ko'rsatilgan variant bo'sh.",
        "ru": "Правильный вариант пуст.",
    },
}

"""What auth refuses, in the languages that callers may ask for."""

from typing import Final

from shared.http.language import Texts

TEXTS: Final[Texts] = {
    "Tizimda kamida bitta faol ega (owner) qolishi shart.": {
        "ru": "В системе должен остаться хотя бы один активный владелец (owner).",
        "en": "At least one active owner must remain in the system.",
    },
    "Invalid credentials": {
        "uz": "Foydalanuvchi nomi yoki parol noto'g'ri",
        "ru": "Неверные учётные данные",
    },
    "Too many people are signing in at the moment, try again later.": {
        "uz": "Hozir juda ko'p odam kirmoqda, keyinroq urinib ko'ring.",
        "ru": "Сейчас входит слишком много людей, попробуйте позже.",
    },
    "A user with that username already exists.": {
        "uz": "Bunday nomli foydalanuvchi mavjud.",
        "ru": "Пользователь с таким именем уже существует.",
    },
    "This username stands in the file twice.": {
        "uz": "Bu foydalanuvchi nomi faylda ikki marta uchraydi.",
        "ru": "Это имя пользователя встречается в файле дважды.",
    },
    "Enter a valid username. This value may contain only letters, numbers, "
    "and @/./+/-/_/' characters.": {
        "uz": "To'g'ri foydalanuvchi nomini kiriting: faqat harflar, raqamlar va @/./+/-/_/'.",
        "ru": "Введите правильное имя пользователя. Оно может содержать только буквы, цифры и "
        "знаки @/./+/-/_/'.",
    },
    "Your old password was entered incorrectly. Please enter it again.": {
        "uz": "Eski parol noto'g'ri kiritildi. Qaytadan kiriting.",
        "ru": "Ваш старый пароль введён неправильно. Пожалуйста, введите его снова.",
    },
    "This password is too short. It must contain at least {least} characters.": {
        "uz": "Parol juda qisqa. U kamida {least} ta belgidan iborat bo'lsin.",
        "ru": "Введённый пароль слишком короткий. Он должен содержать как минимум {least} "
        "символов.",
    },
    "This password is too common.": {
        "uz": "Bu parol juda ko'p ishlatiladi.",
        "ru": "Введённый пароль слишком широко распространён.",
    },
    "This password is entirely numeric.": {
        "uz": "Parol faqat raqamlardan iborat.",
        "ru": "Введённый пароль состоит только из цифр.",
    },
    "The password is too similar to the username.": {
        "uz": "Parol foydalanuvchi nomiga juda o'xshash.",
        "ru": "Введённый пароль слишком похож на имя пользователя.",
    },
}

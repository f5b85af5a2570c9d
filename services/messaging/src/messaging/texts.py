"""What messaging refuses, in the languages that callers may ask for."""

from typing import Final

from shared.http.language import Texts

TEXTS: Final[Texts] = {
    "TELEGRAM_BOT_TOKEN topilmadi": {
        "ru": "TELEGRAM_BOT_TOKEN не найден",
        "en": "TELEGRAM_BOT_TOKEN was not found",
    },
    "Telegram does not answer, try again later.": {
        "uz": "Telegram javob bermayapti, keyinroq urinib ko'ring.",
        "ru": "Telegram не отвечает, попробуйте позже.",
    },
    "None of these users is an active student.": {
        "uz": "Bular orasida faol o'quvchi yo'q.",
        "ru": "Среди этих пользователей нет активных учеников.",
    },
    "Ensure this field has no more than {most} characters without its tags, as Telegram counts "
    "them (UTF-16 units).": {
        "uz": "Matnda teglarsiz ko'pi bilan {most} ta belgi bo'lsin (Telegram UTF-16 birliklarida "
        "sanaydi).",
        "ru": "Убедитесь, что без тегов в тексте не более {most} символов (Telegram считает "
        "единицы UTF-16).",
    },
    "The tag <{tag}> is never closed.": {
        "uz": "<{tag}> tegi yopilmagan.",
        "ru": "Тег <{tag}> не закрыт.",
    },
    "A tag is not finished, at character {place}.": {
        "uz": "Teg tugallanmagan, {place}-belgi.",
        "ru": "Тег не закончен, символ {place}.",
    },
    "A closing tag is not finished, at character {place}.": {
        "uz": "Yopuvchi teg tugallanmagan, {place}-belgi.",
        "ru": "Закрывающий тег не закончен, символ {place}.",
    },
    "A tag is closed that was not opened, at character {place}.": {
        "uz": "Ochilmagan teg yopilgan, {place}-belgi.",
        "ru": "Закрыт тег, который не был открыт, символ {place}.",
    },
    "Here <{tag}> must be closed first, at character {place}.": {
        "uz": "Bu yerda avval <{tag}> yopilishi kerak, {place}-belgi.",
        "ru": "Здесь сначала нужно закрыть <{tag}>, символ {place}.",
    },
    "Telegram does not know the tag (a plain < is written &lt;), at character {place}.": {
        "uz": "Telegram bunday tegni bilmaydi (oddiy < belgisi &lt; deb yoziladi), {place}-belgi.",
        "ru": "Telegram не знает такого тега (простой знак < пишется &lt;), символ {place}.",
    },
    "The value of an attribute is not finished, at character {place}.": {
        "uz": "Atribut qiymati tugallanmagan, {place}-belgi.",
        "ru": "Значение атрибута не закончено, символ {place}.",
    },
    'The tag <span> must have the class "tg-spoiler", at character {place}.': {
        "uz": '<span> tegi "tg-spoiler" sinfiga ega bo\'lishi kerak, {place}-belgi.',
        "ru": 'У тега <span> должен быть класс "tg-spoiler", символ {place}.',
    },
    "The tag <tg-emoji> must have a number as emoji-id, at character {place}.": {
        "uz": "<tg-emoji> tegining emoji-id si son bo'lishi kerak, {place}-belgi.",
        "ru": "У тега <tg-emoji> должно быть число в emoji-id, символ {place}.",
    },
    "A character reference is half of a character.": {
        "uz": "Belgi kodi belgining yarmi xolos.",
        "ru": "Код символа обозначает лишь его половину.",
    },
}

"""What results refuses, in the languages that callers may ask for."""

from typing import Final

from shared.http.language import Texts

TEXTS: Final[Texts] = {
    "Ushbu test hozirda faol emas.": {
        "ru": "Этот тест сейчас не активен.",
        "en": "This test is not active at the moment.",
    },
    "Siz bu testni allaqachon topshirgansiz.": {
        "ru": "Вы уже сдали этот тест.",
        "en": "You have already submitted this test.",
    },
    "This Idempotency-Key was already used with another request.": {
        "uz": "Bu Idempotency-Key boshqa so'rov bilan ishlatilgan.",
        "ru": "Этот Idempotency-Key уже использован с другим запросом.",
    },
    "A request with this Idempotency-Key is still in progress.": {
        "uz": "Bu Idempotency-Key bilan so'rov hali bajarilmoqda.",
        "ru": "Запрос с этим Idempotency-Key ещё выполняется.",
    },
    "1 to 255 printable ASCII characters are allowed, once.": {
        "uz": "1 dan 255 gacha ASCII belgi, bir marta yozilishi mumkin.",
        "ru": "Допускается от 1 до 255 печатных символов ASCII, один раз.",
    },
    "This question is answered more than once.": {
        "uz": "Bu savolga bir martadan ko'p javob berilgan.",
        "ru": "На этот вопрос отвечено больше одного раза.",
    },
    "Ensure this value is less than or equal to total_questions.": {
        "uz": "Qiymat total_questions dan katta bo'lmasin.",
        "ru": "Убедитесь, что это значение меньше либо равно total_questions.",
    },
}

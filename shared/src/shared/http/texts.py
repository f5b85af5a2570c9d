"""What every part of the suite may refuse, in Uzbek and Russian; by default it is English."""

from typing import Final

from shared.http.language import Texts

ACCESS: Final[Texts] = {
    "Authentication credentials were not provided.": {
        "uz": "Kirish ma'lumotlari berilmagan.",
        "ru": "Учётные данные не были предоставлены.",
    },
    "Given token not valid for any token type": {
        "uz": "Berilgan token hech bir tur uchun yaroqli emas",
        "ru": "Данный токен недействителен для любого типа токена",
    },
    "Token is invalid or expired": {
        "uz": "Token yaroqsiz yoki muddati o'tgan",
        "ru": "Токен недействителен или просрочен",
    },
    "User is inactive": {
        "uz": "Foydalanuvchi faol emas",
        "ru": "Пользователь неактивен",
    },
    "You do not have permission to perform this action.": {
        "uz": "Bu amalni bajarishga ruxsatingiz yo'q.",
        "ru": "У вас недостаточно прав для выполнения данного действия.",
    },
    "Request was throttled. Expected available in {seconds} second.": {
        "uz": "So'rovlar juda ko'p. {seconds} soniyadan keyin urinib ko'ring.",
        "ru": "Запрос был проигнорирован. Ожидаемое время доступности: {seconds} с.",
    },
    "Request was throttled. Expected available in {seconds} seconds.": {
        "uz": "So'rovlar juda ko'p. {seconds} soniyadan keyin urinib ko'ring.",
        "ru": "Запрос был проигнорирован. Ожидаемое время доступности: {seconds} с.",
    },
}
REQUESTS: Final[Texts] = {
    "Not found.": {"uz": "Topilmadi.", "ru": "Не найдено."},
    "No {model} matches the given query.": {
        "uz": "Bu so'rovga mos {model} topilmadi.",
        "ru": "Нет объекта {model}, соответствующего запросу.",
    },
    'Method "{verb}" not allowed.': {
        "uz": '"{verb}" usuliga ruxsat berilmagan.',
        "ru": 'Метод "{verb}" не разрешён.',
    },
    "JSON parse error - {why}": {
        "uz": "JSON o'qilmadi - {why}",
        "ru": "Ошибка разбора JSON - {why}",
    },
    "Multipart form parse error - the body is not a complete form.": {
        "uz": "Shakl o'qilmadi - so'rov to'liq emas.",
        "ru": "Ошибка разбора формы - тело запроса неполно.",
    },
    'Unsupported media type "{kind}" in request.': {
        "uz": 'So\'rovdagi "{kind}" turi qabul qilinmaydi.',
        "ru": 'Неподдерживаемый тип данных "{kind}" в запросе.',
    },
    "Unsupported media type in request.": {
        "uz": "So'rovdagi ma'lumot turi qabul qilinmaydi.",
        "ru": "Неподдерживаемый тип данных в запросе.",
    },
    "Request body too large.": {
        "uz": "So'rov hajmi juda katta.",
        "ru": "Тело запроса слишком велико.",
    },
    "The request body did not arrive in time.": {
        "uz": "So'rov o'z vaqtida yetib kelmadi.",
        "ru": "Тело запроса не пришло вовремя.",
    },
    "Content-Length is not a number.": {
        "uz": "Content-Length son emas.",
        "ru": "Content-Length не является числом.",
    },
    "Conflict.": {"uz": "Ziddiyat.", "ru": "Конфликт."},
}
FAULTS: Final[Texts] = {
    "A server error occurred.": {
        "uz": "Serverda xatolik yuz berdi.",
        "ru": "Произошла ошибка сервера.",
    },
    "Service temporarily unavailable, try again later.": {
        "uz": "Xizmat vaqtincha ishlamayapti, keyinroq urinib ko'ring.",
        "ru": "Сервис временно недоступен, попробуйте позже.",
    },
    "The service {service} does not answer, try again later.": {
        "uz": "{service} xizmati javob bermayapti, keyinroq urinib ko'ring.",
        "ru": "Сервис {service} не отвечает, попробуйте позже.",
    },
    "The database is busy, try again later.": {
        "uz": "Ma'lumotlar bazasi band, keyinroq urinib ko'ring.",
        "ru": "База данных занята, попробуйте позже.",
    },
    "Tokens cannot be checked at the moment, try again later.": {
        "uz": "Hozir tokenlarni tekshirib bo'lmayapti, keyinroq urinib ko'ring.",
        "ru": "Сейчас токены нельзя проверить, попробуйте позже.",
    },
    "Too many requests at the moment, try again later.": {
        "uz": "Hozir so'rovlar juda ko'p, keyinroq urinib ko'ring.",
        "ru": "Сейчас слишком много запросов, попробуйте позже.",
    },
    "The request took too long, try again later.": {
        "uz": "So'rov juda uzoq bajarildi, keyinroq urinib ko'ring.",
        "ru": "Запрос выполнялся слишком долго, попробуйте позже.",
    },
}
FIELDS: Final[Texts] = {
    "Invalid input.": {"uz": "Noto'g'ri ma'lumot.", "ru": "Неверные данные."},
    "Invalid value.": {"uz": "Noto'g'ri qiymat.", "ru": "Неверное значение."},
    "This field is required.": {"uz": "Bu maydon majburiy.", "ru": "Обязательное поле."},
    "This field may not be null.": {
        "uz": "Bu maydon null bo'lishi mumkin emas.",
        "ru": "Это поле не может быть пустым (null).",
    },
    "Null characters are not allowed.": {
        "uz": "Nol belgilarga ruxsat berilmagan.",
        "ru": "Нулевые символы не допускаются.",
    },
    "This field may not be blank.": {
        "uz": "Bu maydon bo'sh bo'lishi mumkin emas.",
        "ru": "Это поле не может быть пустым.",
    },
    "A valid integer is required.": {
        "uz": "Butun son kiriting.",
        "ru": "Требуется целочисленное значение.",
    },
    "A valid number is required.": {"uz": "Son kiriting.", "ru": "Требуется численное значение."},
    "Not a valid string.": {"uz": "Noto'g'ri matn.", "ru": "Недопустимая строка."},
    "Must be a valid boolean.": {
        "uz": "Mantiqiy qiymat kiriting.",
        "ru": "Должно быть допустимым логическим значением.",
    },
    "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.": {
        "uz": "Sana noto'g'ri yozilgan. Shu ko'rinishda yozing: YYYY-MM-DD.",
        "ru": "Неправильный формат даты. Используйте один из этих форматов: YYYY-MM-DD.",
    },
    "Not a valid choice.": {"uz": "Bunday tanlov yo'q.", "ru": "Нет такого варианта."},
    "This list may not be empty.": {
        "uz": "Ro'yxat bo'sh bo'lishi mumkin emas.",
        "ru": "Этот список не может быть пустым.",
    },
    "Ensure this field has no more than {most} characters.": {
        "uz": "Bu maydonda ko'pi bilan {most} ta belgi bo'lsin.",
        "ru": "Убедитесь, что это значение содержит не более {most} символов.",
    },
    "Ensure this field has at least {least} characters.": {
        "uz": "Bu maydonda kamida {least} ta belgi bo'lsin.",
        "ru": "Убедитесь, что это значение содержит не менее {least} символов.",
    },
    "Ensure this field has no more than {most} elements.": {
        "uz": "Bu ro'yxatda ko'pi bilan {most} ta element bo'lsin.",
        "ru": "Убедитесь, что это поле содержит не более {most} элементов.",
    },
    "Ensure this field has at least {least} elements.": {
        "uz": "Bu ro'yxatda kamida {least} ta element bo'lsin.",
        "ru": "Убедитесь, что это поле содержит не менее {least} элементов.",
    },
    "Ensure this value is greater than {bound}.": {
        "uz": "Qiymat {bound} dan katta bo'lsin.",
        "ru": "Убедитесь, что это значение больше {bound}.",
    },
    "Ensure this value is greater than or equal to {bound}.": {
        "uz": "Qiymat {bound} dan kichik bo'lmasin.",
        "ru": "Убедитесь, что это значение больше либо равно {bound}.",
    },
    "Ensure this value is less than {bound}.": {
        "uz": "Qiymat {bound} dan kichik bo'lsin.",
        "ru": "Убедитесь, что это значение меньше {bound}.",
    },
    "Ensure this value is less than or equal to {bound}.": {
        "uz": "Qiymat {bound} dan katta bo'lmasin.",
        "ru": "Убедитесь, что это значение меньше либо равно {bound}.",
    },
    'Expected a list of items but got type "{kind}".': {
        "uz": 'Ro\'yxat kutilgan edi, "{kind}" keldi.',
        "ru": 'Ожидался список элементов, но получено "{kind}".',
    },
    "Invalid data. Expected a dictionary, but got {kind}.": {
        "uz": "Noto'g'ri ma'lumot. Obyekt kutilgan edi, {kind} keldi.",
        "ru": "Недопустимые данные. Ожидался объект, но получен {kind}.",
    },
    'Invalid pk "{pk}" - object does not exist.': {
        "uz": '"{pk}" raqamli obyekt mavjud emas.',
        "ru": 'Недопустимый первичный ключ "{pk}" - объект не существует.',
    },
    "The fields {names} must make a unique set.": {
        "uz": "{names} maydonlari birga takrorlanmasligi kerak.",
        "ru": "Поля {names} должны производить массив с уникальными значениями.",
    },
}
FILES: Final[Texts] = {
    "No file was submitted.": {"uz": "Fayl yuborilmagan.", "ru": "Файл не был загружен."},
    "The submitted file is empty.": {
        "uz": "Yuborilgan fayl bo'sh.",
        "ru": "Загруженный файл пуст.",
    },
    "The submitted data was not a file. Check the encoding type on the form.": {
        "uz": "Yuborilgan ma'lumot fayl emas. Shaklning kodlash turini tekshiring.",
        "ru": "Загруженный файл не является корректным файлом. Проверьте тип кодировки формы.",
    },
    "The file is neither an xlsx workbook nor CSV in UTF-8.": {
        "uz": "Fayl xlsx ham, UTF-8 dagi CSV ham emas.",
        "ru": "Файл не является ни книгой xlsx, ни CSV в UTF-8.",
    },
    "The workbook is too large when it is unpacked.": {
        "uz": "Fayl ochilganda juda katta.",
        "ru": "После распаковки книга слишком велика.",
    },
    "The file has no rows below its column names.": {
        "uz": "Faylda ustun nomlaridan keyin qator yo'q.",
        "ru": "В файле нет строк под названиями столбцов.",
    },
    "Formulas are not taken; put the value into the cell.": {
        "uz": "Formulalar qabul qilinmaydi; katakka qiymatni yozing.",
        "ru": "Формулы не принимаются; впишите в ячейку значение.",
    },
    "Ensure this file has no more than {most} rows.": {
        "uz": "Faylda ko'pi bilan {most} ta qator bo'lsin.",
        "ru": "Убедитесь, что в файле не более {most} строк.",
    },
    'The column "{name}" is missing.': {
        "uz": '"{name}" ustuni yo\'q.',
        "ru": 'Нет столбца "{name}".',
    },
}
TEXTS: Final[Texts] = {**ACCESS, **REQUESTS, **FAULTS, **FIELDS, **FILES}

"""What worklogs refuses, in the languages that callers may ask for."""

from typing import Final

from shared.http.language import Texts

TEXTS: Final[Texts] = {
    "Ensure this date is not in the future.": {
        "uz": "Sana kelajakda bo'lmasin.",
        "ru": "Убедитесь, что эта дата не в будущем.",
    },
    "Enter a month as YYYY-MM.": {
        "uz": "Oyni YYYY-MM ko'rinishida yozing.",
        "ru": "Введите месяц в виде YYYY-MM.",
    },
}

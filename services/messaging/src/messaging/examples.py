"""The examples of the API document."""

from typing import Any, Final

TEXT: Final = "Ertaga imtihon bor, tayyorlanib keling!"
MESSAGE: Final[dict[str, Any]] = {
    "id": 1,
    "text": TEXT,
    "recipients": [10, 11],
    "sent_by": 3,
    "logs": [
        {
            "id": 1,
            "message": 1,
            "recipient": 10,
            "recipient_name": "Ali Valiyev",
            "status": "sent",
            "error": None,
            "sent_at": "2026-02-20T09:05:00Z",
        },
        {
            "id": 2,
            "message": 1,
            "recipient": 11,
            "recipient_name": "Vali Aliyev",
            "status": "failed",
            "error": "O'quvchining telegram_id si yo'q",
            "sent_at": None,
        },
    ],
    "created_at": "2026-02-20T09:00:00Z",
}
PROGRESS: Final[dict[str, Any]] = {"total": 240, "pending": 15, "sent": 221, "failed": 4}
LINK: Final[dict[str, Any]] = {
    "url": "https://t.me/hpa_bot?start=Zk3vQ1",
    "expires_at": "2026-02-20T09:15:00Z",
}
LINKED: Final[dict[str, Any]] = {
    "id": 10,
    "username": "ali.valiyev",
    "full_name": "Ali Valiyev",
    "telegram_id": 70000001,
    "linked": True,
    "unreachable_since": None,
}
BOT_ANSWER: Final[dict[str, Any]] = {
    "method": "sendMessage",
    "chat_id": 70000001,
    "text": "Tayyor!",
}
UPDATE: Final[dict[str, Any]] = {"update_id": 700000001}

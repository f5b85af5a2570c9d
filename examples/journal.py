"""
An outside class journal tells the suite that a student was present, and asks it for nothing.

    .venv/bin/python examples/journal.py .hpa/stack.json EMPLOYEE STUDENT

`docs/events.md` lists what may be told; a journal may send attendance and scores.
"""

import asyncio
import json
import sys
import time
import uuid
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import nats

SUBJECT = "hpa.attendance.recorded.v1"


async def main(address: str, employee: int, student: int) -> None:
    now = datetime.now(ZoneInfo("Asia/Tashkent"))
    recording = {"id": time.time_ns() // 1000, "employee": employee, "student": student}
    event = {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": "journal",
        "type": SUBJECT,
        "time": now.isoformat(),
        "datacontenttype": "application/json",
        "data": {**recording, "date": now.date().isoformat()},
    }
    connection = await nats.connect(address, inbox_prefix=b"_INBOX_journal")
    try:  # acknowledged when it is on disk; sent again with the same id it counts once
        kept = await connection.jetstream().publish(
            SUBJECT, json.dumps(event).encode(), headers={"Nats-Msg-Id": event["id"]}
        )
        print(f"{kept.stream} holds it as number {kept.seq}")
    finally:
        await connection.close()


if __name__ == "__main__":
    stack = json.loads(Path(sys.argv[1]).read_text())
    # The address holds the journal's own name and password: it may tell two things and ask none.
    asyncio.run(main(stack["nats"]["url"], int(sys.argv[2]), int(sys.argv[3])))

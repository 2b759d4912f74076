"""Waiting tasks wake at each notification, also at one before the wait."""

from __future__ import annotations

import asyncio

from panodent.serve.notifier import Notifier


def test_all_waiting_tasks_wake() -> None:
    async def main() -> None:
        notifier = Notifier()
        waiting = [asyncio.ensure_future(notifier.wait(notifier.count)) for _ in range(3)]
        await asyncio.sleep(0)
        assert not any(task.done() for task in waiting)
        notifier.notify()
        await asyncio.wait_for(asyncio.gather(*waiting), 10)

    asyncio.run(main())


def test_a_notification_between_looking_and_waiting_is_not_missed() -> None:
    async def main() -> None:
        notifier = Notifier()
        seen = notifier.count
        notifier.notify()
        await asyncio.wait_for(notifier.wait(seen), 10)

    asyncio.run(main())


def test_waiting_ends_without_a_notification_after_its_time() -> None:
    async def main() -> None:
        notifier = Notifier()
        await asyncio.wait_for(notifier.wait(notifier.count, 0.01), 10)
        assert notifier.count == 0

    asyncio.run(main())

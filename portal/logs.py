"""Logs (运行日志): lines for people or JSON for machines; tracebacks without the values of variables."""

import structlog

from registry.settings import Settings


def configure_logs(settings: Settings) -> None:
    """Local values stay out of tracebacks: a password or an enterprise's class may be among them."""
    if settings.log_json:
        last: list[structlog.typing.Processor] = [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    else:
        last = [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            *last,
        ]
    )

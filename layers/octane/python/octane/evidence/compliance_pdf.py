"""The compliance report as it is printed, in Chinese (SE3)."""

import json
from datetime import datetime
from pathlib import Path

import typst
from pylopdf_fonts_zh_cn import sans_path

from octane.evidence.compliance import SHOWN, Compliance, Section, totals
from octane.kernel.clock import BEIJING

TEMPLATE = Path(__file__).with_name("compliance.typ")
NAMES = {
    Section.DATA_ACCESS: "数据访问",
    Section.RULES: "规则与名单变更",
    Section.FREEZES: "账户冻结",
    Section.REVIEWS: "大额与风险复核",
    Section.LOGINS: "登录",
    Section.RIGHTS: "个人信息权利",
    Section.PERMISSIONS: "身份与权限",
    Section.MONEY: "资金操作",
    Section.OTHER: "其他",
}


def compliance_pdf(report: Compliance) -> bytes:
    """Print a report; the same report makes the same bytes."""
    year, month = map(int, report.month.split("-"))
    printed = _compiler(report).compile(format="pdf", timestamp=datetime(year, month, 1, tzinfo=BEIJING))
    if not isinstance(printed, bytes):
        raise TypeError(printed)
    return printed


def compliance_pages(report: Compliance, dots_per_inch: float = 110) -> list[bytes]:
    """The pages as PNG pictures, to be looked at."""
    pages = _compiler(report).compile(format="png", ppi=dots_per_inch)
    return [page for page in (pages if isinstance(pages, list) else [pages]) if page]


def _compiler(report: Compliance) -> typst.Compiler:
    return typst.Compiler(
        TEMPLATE,
        font_paths=[sans_path().parent],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(_data(report), ensure_ascii=False)},
    )


def _data(report: Compliance) -> dict[str, object]:
    sums = totals(report.rows)
    hidden = report.incident_count - len(report.incidents)
    waiting = report.stamps.heads - report.stamps.stamped
    return {
        "month": report.month,
        "sound": not report.broken and not waiting,
        "verdict": _verdict(report, waiting),
        "acts": f"{report.acts:,}",
        "people": f"{report.people:,}",
        "incident_count": f"{report.incident_count:,}",
        "sections": [[NAMES[each], *(f"{count:,}" for count in sums[each])] for each in Section],
        "rows": [
            [NAMES[row.section], row.action, row.role, f"{row.done:,}", f"{row.refused:,}"]
            for row in report.rows
        ],
        "refusals": [[reason or "–", f"{count:,}"] for reason, count in report.refusals.items()],
        "incidents": [list(each) for each in report.incidents],
        "hidden": f"另有 {hidden:,} 条未列出（每份报告最多列 {SHOWN} 条）" if hidden else "",
        "broken": report.broken,
        "stamps": [
            f"{report.stamps.heads:,}",
            f"{report.stamps.stamped:,}",
            f"{report.stamps.longest_gap_minutes:,}",
        ],
    }


def _verdict(report: Compliance, waiting: int) -> str:
    if report.broken:
        return f"{len(report.broken)} 条审计链或账簿链不成立，见“链与时间戳”"
    if waiting:
        return f"审计链全部成立；{waiting} 个链头尚无时间戳"
    return "审计链全部成立，链头均有时间戳"

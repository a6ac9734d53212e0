"""Reads verdict cards as a person would: numbers and words back out of the printed sentences.

Knows nothing of the code that writes them; every pattern stands here in both languages.
"""

from __future__ import annotations

import re
from html import unescape

NUMBER = r"[−+]?[\d,]+(?:\.\d+)?"
P = r"p [=<>] [\d.]+"
GRADES = {
    "excellent": "excellent", "good": "good", "average": "average", "poor": "poor",
    "优秀": "excellent", "良好": "good", "一般": "average", "较差": "poor",
}  # fmt: skip
NO_WORDS = re.compile(r"\b(?:nan|NaN|None|inf|NaT)\b|—|\{[a-z_]*\}|(?<![\dA-Z])-\d")
LATIN = re.compile(r"[A-Za-z]+")
ALLOWED_LATIN = re.compile(r"S\d+-\d+|\bp (?=[=<>])|\bn (?==)")
DOUBLED = re.compile(r"[。；，：、]{2}|[.;,:]{2}|\.\s*\.| [.;,]|\s{2}|[。；，].?[.;,](?!\d)")

SHARE = {
    "en": rf"(?P<share>{NUMBER})% are satisfied",
    "zh": rf"满意率 (?P<share>{NUMBER})%",
}
INTERVAL = {
    "en": rf"\((?P<level>\d+)% interval (?P<low>{NUMBER})–(?P<high>{NUMBER})%\)",
    "zh": rf"（(?P<level>\d+)% 区间 (?P<low>{NUMBER})–(?P<high>{NUMBER})%）",
}
CENSUS = {"en": "a complete count", "zh": "全数调查"}
TARGET = {
    "en": rf"target of (?P<target>{NUMBER})% \((?P<clause>S\d+-\d+)\)",
    "zh": rf"目标 (?P<target>{NUMBER})%（(?P<clause>S\d+-\d+)）",
}
VERDICT = {
    "en": {
        "met": ", reaching the target of",
        "not_met": ", below the target of",
        "cannot_tell": ", too uncertain to judge the target of",
        "too_few": "Too few answers (",
        "no_interval": "no interval can be given to judge",
        "no_answers": "cannot be judged: nobody answered",
    },
    "zh": {
        "met": "整段达到目标",
        "not_met": "整段低于目标",
        "cannot_tell": "在区间之内，无法判断是否达标",
        "too_few": "有效答卷只有",
        "no_interval": "但无法给出区间",
        "no_answers": "无法判断：无人作答",
    },
}
PROBABILITY = {
    "en": r"(?P<{name}>(?:above |below )?[\d.]+%)",
    "zh": r"(?P<{name}>(?:不足 )?[\d.]+%(?: 以上)?)",
}
GRADE = {
    "en": r"; grade “(?P<grade>\w+)” \(probability " + PROBABILITY["en"].format(name="own") + r"\)",
    "zh": r"；评为“(?P<grade>\w+)”（概率 " + PROBABILITY["zh"].format(name="own") + "）",
}
TWO_GRADES = {
    "en": r"; the grade cannot be told: “(?P<grade>\w+)” \(" + PROBABILITY["en"].format(name="own")
    + r"\) or “(?P<rival>\w+)” \(" + PROBABILITY["en"].format(name="other") + r"\)",
    "zh": r"；等级无法判断：“(?P<grade>\w+)”（" + PROBABILITY["zh"].format(name="own")
    + r"）或“(?P<rival>\w+)”（" + PROBABILITY["zh"].format(name="other") + "）",
}  # fmt: skip
CHANGE = {
    "en": rf"(?P<way>[Uu]p|[Dd]own) (?P<size>{NUMBER}) points since last time "
    rf"\((?P<from>{NUMBER}) to (?P<to>{NUMBER}), (?P<p>{P})\)(?P<unlike>, but not like for like)?",
    "zh": rf"比上次(?P<way>上升|下降) (?P<size>{NUMBER}) 个百分点"
    rf"（区间 (?P<from>{NUMBER}) 至 (?P<to>{NUMBER})，(?P<p>{P})）"
    r"(?P<unlike>，但同类相比并非如此)?",
}
UNSEEN = {
    "en": rf"[Nn]o detectable change since last time \(±(?P<detectable>{NUMBER}) points could",
    "zh": rf"与上次相比无可检出的变化（可检出 ±(?P<detectable>{NUMBER}) 个百分点）",
}
UNPROVEN = {
    "en": rf"[Nn]o change beyond chance since last time \((?P<step>{NUMBER}) points, ",
    "zh": rf"与上次相比没有超出偶然的变化（(?P<step>{NUMBER}) 个百分点，",
}
NO_CHANGE = {
    "en": r"(?P<first>[Nn]o earlier wave to compare with)|change since last time cannot be told",
    "zh": r"(?P<first>没有可比的以往调查)|与上次相比的变化无法判断",
}
RATE = {
    "en": rf"response rate (?P<rate>\d+)% of (?P<invited>{NUMBER}) invited",
    "zh": rf"邀请 (?P<invited>{NUMBER}) 户，回收率 (?P<rate>\d+)%",
}
MARGIN = {
    "en": rf"margin of error (?:±(?P<half>{NUMBER})|(?P<below>{NUMBER})/(?P<above>{NUMBER})) p",
    "zh": rf"误差 (?:±(?P<half>{NUMBER})|(?P<below>{NUMBER})/(?P<above>{NUMBER})) 个百分点",
}
BASE = {
    "en": rf"(?P<sheets>{NUMBER}) answers(?: from (?P<population>{NUMBER}) households)?",
    "zh": rf"(?:(?P<population>{NUMBER}) 户考核范围内的住户收回 )?(?P<sheets>{NUMBER}) 份有效答卷",
}
SHORT = {
    "en": rf"(?<![-\d.])(?P<gap>{NUMBER}) points? short of "
    rf"“(?P<next>\w+)” \(from (?P<cut>{NUMBER})%\)",
    "zh": rf"距“(?P<next>\w+)”（(?P<cut>{NUMBER})% 起）还差 (?P<gap>{NUMBER}) 个百分点",
}
ABOVE = {
    "en": rf"(?<![-\d.])(?P<gap>{NUMBER}) points? above the lower edge of “(?P<own>\w+)” "
    rf"\((?P<cut>{NUMBER})%\)",
    "zh": rf"高出“(?P<own>\w+)”下限（(?P<cut>{NUMBER})%）(?P<gap>{NUMBER}) 个百分点",
}
HIGHEST = {"en": "highest grade", "zh": "已是最高等级"}

Found = dict[str, str] | None


def plain(html: str) -> str:
    """The paragraphs of a card, a line each."""
    paragraphs = re.findall(r"<p\b[^>]*>(.*?)</p>", html, flags=re.DOTALL)
    return "\n".join(unescape(re.sub(r"<[^>]*>", "", words)) for words in paragraphs)


def find(patterns: dict[str, str], lang: str, text: str) -> Found:
    """Named parts of the one place where a pattern is found; None where it is not."""
    found = list(re.finditer(patterns[lang], text))
    assert len(found) <= 1, (patterns[lang], text)
    return found[0].groupdict() if found else None


def number(text: str) -> float:
    """``−1,234.5`` -> -1234.5."""
    return float(text.replace(",", "").replace("−", "-"))


def decimals(text: str) -> int:
    """How many decimals are printed."""
    return len(text.partition(".")[2])


def rounds(text: str, value: float) -> bool:
    """Whether a printed number is the value, rounded to the decimals that are printed."""
    return abs(number(text) - value) <= 0.5 * 10 ** -decimals(text) + 1e-7


def p_range(text: str) -> tuple[float, float]:
    """Smallest and largest p-value that a printed one can stand for."""
    sign, printed = text.split()[1:]
    value, half = float(printed), 0.5 * 10 ** -decimals(printed)
    return {"<": (0.0, value), ">": (value, 1.0)}.get(sign, (value - half, value + half))


def chance_range(text: str) -> tuple[float, float]:
    """Smallest and largest probability that a printed one can stand for."""
    value = float(re.sub(r"[^\d.]", "", text)) / 100
    if "above" in text or "以上" in text:
        return value, 1.0
    if "below" in text or "不足" in text:
        return 0.0, value
    return value - 0.005 - 1e-9, value + 0.005 + 1e-9


def check_language(text: str, lang: str) -> None:
    """Whole sentences of one language, nothing left open, no sign doubled."""
    assert not NO_WORDS.search(text), text
    assert not DOUBLED.search(text), text
    for line in text.splitlines():
        assert line.endswith("。" if lang == "zh" else "."), text
        if lang == "zh":
            assert not LATIN.search(ALLOWED_LATIN.sub("", line)), text
            assert not re.search(r"[,;:](?!\d)|[“”].*[(（]\s|\((?!\d)", line), text
        else:
            assert not re.search(r"[^\x00-\x7f–−±“”/✓…]", line), text
            assert line[0].isupper() or line[0].isdigit() or line[0] == "“", text

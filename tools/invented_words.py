"""The words and frequencies of an invented landscape, for `invented.py`."""

from catalog.models.choices import Access, OrganizationStatus, OrganizationType, RoundKind
from catalog.models.kinds import EntryKind

# The shares of the kinds among entries, and the number of sources for each entry.
SHARES = {EntryKind.ORGANIZATION: 0.6, EntryKind.MODEL: 0.24, EntryKind.PRODUCT: 0.16}
SOURCES_PER_ENTRY = 0.2
TECHNIQUES = 30

SYLLABLES = [
    "zor",
    "vex",
    "mir",
    "quil",
    "dra",
    "neb",
    "ulo",
    "kas",
    "tiv",
    "ora",
    "plu",
    "xen",
    "fyo",
    "bru",
    "lim",
    "tak",
    "wen",
    "jox",
    "gal",
    "pym",
    "sor",
    "eku",
    "val",
    "rin",
]
SUFFIXES = {
    EntryKind.ORGANIZATION: [
        "Labs",
        "Works",
        "Systems",
        "Dynamics",
        "Minds",
        "Robotics",
        "Studio",
        "Ventures",
        "Institute",
        "Cloud",
    ],
    EntryKind.MODEL: ["One", "2", "3", "Mini", "Large", "7B", "Coder", "Vision", "Voice", "Max"],
    EntryKind.PRODUCT: ["Desk", "Studio", "Pilot", "Canvas", "Writer", "Notes", "Search", "Agent", "Hub", "Flow"],
    EntryKind.TERM: ["attention", "decoding", "sampling", "tuning", "routing", "pruning"],
}
ZH_SYLLABLES = [
    "星",
    "澜",
    "云",
    "笔",
    "墨",
    "灵",
    "知",
    "觅",
    "衡",
    "拓",
    "启",
    "元",
    "境",
    "声",
    "图",
    "语",
    "禾",
    "川",
    "岳",
    "辰",
    "曜",
    "枢",
    "睿",
    "渊",
]
ZH_SUFFIXES = {
    EntryKind.ORGANIZATION: ["科技", "智能", "实验室", "研究院", "资本", "机器人", "网络", "工作室"],
    EntryKind.MODEL: ["大模型", "视觉", "语音", "编程", "极速版", "专业版"],
    EntryKind.PRODUCT: ["助手", "画板", "写作", "笔记", "搜索", "智能体", "工坊"],
    EntryKind.TERM: ["注意力", "解码", "采样", "微调", "路由", "剪枝"],
}
WORDS = [
    "builds",
    "trains",
    "offers",
    "studies",
    "image",
    "video",
    "speech",
    "code",
    "search",
    "agents",
    "chips",
    "tools",
    "for",
    "teams",
    "schools",
    "clinics",
]
ZH_WORDS = [
    "提供",
    "研发",
    "训练",
    "文生图",
    "视频生成",
    "语音合成",
    "代码生成",
    "智能客服",
    "企业",
    "开发者",
    "学校",
    "医院",
    "模型",
    "平台",
    "工具",
    "数据",
]
COUNTRIES = [
    "US",
    "CN",
    "GB",
    "FR",
    "DE",
    "CA",
    "IL",
    "IN",
    "JP",
    "KR",
    "SG",
    "CH",
    "SE",
    "NL",
    "AU",
    "ES",
    "IT",
    "BR",
    "AE",
    "FI",
    "DK",
    "AT",
    "PL",
    "IE",
    "NO",
    "BE",
    "CZ",
    "EE",
    "PT",
    "HK",
    "TW",
]
CITIES = [("San Francisco", "旧金山"), ("Beijing", "北京"), ("London", "伦敦"), ("Paris", "巴黎"), ("Hangzhou", "杭州")]
LICENCES = {
    Access.OPEN_SOURCE: ["Apache-2.0", "MIT", "BSD-3-Clause"],
    Access.OPEN_WEIGHTS: ["Apache-2.0", "MIT", "LicenseRef-Invented-Open"],
    Access.OPEN_WEIGHTS_CONDITIONAL: ["LicenseRef-Invented-Community", "CreativeML-OpenRAIL-M"],
    Access.OPEN_WEIGHTS_NON_COMMERCIAL: ["CC-BY-NC-4.0", "LicenseRef-Invented-Research"],
}
# Rounds in the order in which a startup raises them, with a typical amount in millions of US dollars.
ROUNDS = {
    RoundKind.PRE_SEED: 1,
    RoundKind.SEED: 4,
    RoundKind.SERIES_A: 15,
    RoundKind.SERIES_B: 50,
    RoundKind.SERIES_C: 140,
    RoundKind.SERIES_D: 300,
    RoundKind.LATER: 700,
}
# The value of one unit in US dollars; None if no rate is known.
CURRENCIES = {"USD": None, "CNY": "0.14", "EUR": "1.09", "JPY": None}
# Percentages among organizations that are not investors.
TYPES = {
    OrganizationType.STARTUP: 66,
    OrganizationType.COMPANY: 15,
    OrganizationType.UNIVERSITY: 7,
    OrganizationType.LAB: 6,
    OrganizationType.COMMUNITY: 3,
    OrganizationType.BIG_TECH: 2,
    OrganizationType.PUBLIC_BODY: 1,
}
STATUSES = {
    OrganizationStatus.ACTIVE: 80,
    OrganizationStatus.ACQUIRED: 6,
    OrganizationStatus.CLOSED: 5,
    OrganizationStatus.LISTED: 4,
    "": 5,
}

"""What runs or loads something is found wherever it hides; what our pages hold is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from selectolax.lexbor import LexborHTMLParser

from satisfaction.reports.page_check import page_problems

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAGE = "<!DOCTYPE html><html lang=en><head><title>x</title></head><body>{}</body></html>"
ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//example.org/x.js></SCRIPT>",
    "<script/x>alert(1)",
    "<svg><script>alert(1)</script></svg>",
    "<svg><script xlink:href='data:,alert(1)'/></svg>",
    "<img src=x onerror=alert(1)>",
    "<img/src=x/onerror=alert(1)>",
    "<p\nONCLICK\n=\nalert(1)>x</p>",
    "<svg/onload=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='java&#10;script:alert(1)'>x</a>",
    "<a href='&#106;avascript&colon;alert(1)'>x</a>",
    "<a href=' \x01javascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='//example.org'>x</a>",
    "<a href='https:example.org'>x</a>",
    "<a href='\\\\example.org'>x</a>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><a><animate attributeName=href values='javascript:alert(1)'/></a></svg>",
    "<svg><a><set attributeName=xlink:href to='javascript:alert(1)'/></a></svg>",
    "<svg><use href='https://example.org/x.svg#a'/></svg>",
    "<img src='https://example.org/x.png'>",
    "<img srcset='https://example.org/x.png 2x'>",
    "<img src='data:text/html;base64,eA=='>",
    "<video poster='https://example.org/x.png'></video>",
    "<table background='https://example.org/x.png'></table>",
    "<link rel=stylesheet href='x.css'>",
    "<base href='https://example.org/'>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='x.swf'></object>",
    "<embed src='x.swf'>",
    "<form action='https://example.org'><button>x</button></form>",
    "<button formaction='javascript:alert(1)'>x</button>",
    "<meta http-equiv=Refresh content='0; url=https://example.org'>",
    "<style>@import 'x.css';</style>",
    "<style>p { background: url(https://example.org/x.png) }</style>",
    "<p style='background: url( \"https://example.org/x.png\" )'>x</p>",
    "<p style='width: expression(alert(1))'>x</p>",
    "<svg><rect mask='url(https://example.org/x.svg#a)'/></svg>",
    "<template shadowrootmode=open><script>alert(1)</script></template>",
]
# a parser that does not follow HTML5 to the letter takes these for text, a browser does not
HIDDEN = [
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><style><img src=x onerror=alert(1)></style></math>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!--x--!><img src=x onerror=alert(1)>-->",
    "<![CDATA[><img src=x onerror=alert(1)>]]>",
    "<textarea><p title='</textarea><img src=x onerror=alert(1)>'></textarea>",
    "<title><p title='</title><img src=x onerror=alert(1)>'></title>",
    "<style><!--</style><img src=x onerror=alert(1)>--></style>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;' onerror=alert(1)>",
    "<select><style></select><img src=x onerror=alert(1)></style></select>",
    "<?x ><img src=x onerror=alert(1)>",
]
HARMLESS = [
    "<p>1 &lt;script&gt;alert(1)&lt;/script&gt; 2 < 3 & 4 > 2</p>",
    "<!-- <script>alert(1)</script> -->",
    "<svg><![CDATA[><img src=x onerror=alert(1)>]]></svg>",
    "</p title='><img src=x onerror=alert(1)>'>x",
    "x<script",
    "<textarea><script>alert(1)</script></textarea>",
    "<p title='<script>alert(1)</script>'>x</p>",
    "<p title='onclick=alert(1)' class=only>x</p>",
    "<a href='#section-1'>x</a><a href='../../index.html'>x</a>",
    "<a href='descriptive_statistics.zh.html' lang=zh-Hans>x</a>",
    "<a href='data:text/csv;charset=utf-8;base64,eA==' download='x.csv'>x</a>",
    "<img alt='x' src='data:image/png;base64,iVBORw0KGgo='>",
    "<style>@font-face { src: url(data:font/otf;base64,AAAA) }</style>",
    "<svg viewBox='0 0 9 9'><title>on=1</title><path d='M0 0'/><use href='#a'/></svg>",
    "<details><summary>x</summary><table><tr><td>1</table></details>",
    "<p style='color: red; background: url(#a)'>x</p>",
    "<svg><rect fill='url(#a)'/></svg>",
]

# every element with its attributes, as a browser parses pages without running them
ELEMENTS = """pages => pages.map(page =>
    [...new DOMParser().parseFromString(page, "text/html").querySelectorAll("*")].map(each =>
        [each.localName, Object.fromEntries([...each.attributes].map(a => [a.name, a.value]))]))"""


@pytest.mark.parametrize("attack", [*ATTACKS, *HIDDEN])
def test_whatever_runs_or_loads_is_found(attack: str) -> None:
    assert page_problems(PAGE.format(attack)) != []
    assert page_problems(PAGE.format(f"<div><p>{attack}")) != []
    assert page_problems(attack) != []


@pytest.mark.parametrize("harmless", HARMLESS)
def test_what_our_pages_hold_is_no_problem(harmless: str) -> None:
    assert page_problems(PAGE.format(harmless)) == []


def test_a_browser_sees_what_is_checked(browser: Browser) -> None:
    pages = [PAGE.format(each) for each in (*ATTACKS, *HIDDEN, *HARMLESS)]
    page = browser.new_page()
    seen = page.evaluate(ELEMENTS, pages)
    page.close()
    assert len(seen) == len(pages)
    for text, elements in zip(pages, seen, strict=True):
        root = LexborHTMLParser(text.encode()).root
        assert root is not None
        checked = [
            [node.tag, {name: value or "" for name, value in node.attributes.items()}]
            for node in root.traverse()
            if node.is_element_node
        ]
        assert checked == elements, text


def test_each_problem_is_said_once_and_where_it_is() -> None:
    page = PAGE.format("<b onclick=x>1</b><b onclick=y>2</b><a href='//x.org'>x</a>")
    said = ["an event handler onclick on <b>", "an address '//x.org' in href of <a>"]
    assert page_problems(page) == said


def test_a_page_that_cannot_be_written_is_not_checked_in_part() -> None:
    with pytest.raises(ValueError, match="utf-8"):
        page_problems(PAGE.format("\udc80<script>alert(1)</script>"))

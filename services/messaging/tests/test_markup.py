"""Which HTML is taken: Telegram's own cases, and the limits."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.domain.markup import MAX_UNITS, TAGS, plain_text, require_sendable
from messaging.errors import MarkupRefused

SMILE = "\N{GRINNING FACE}"


class TestPlainText:
    @pytest.mark.parametrize(
        ("html", "text"),
        [
            ("Salom", "Salom"),
            ("<b>bold</b>, <strong>b</strong>", "bold, b"),
            ("<u>a</u><ins>b</ins><s>c</s><strike>d</strike><del>e</del>", "abcde"),
            (
                '<b>a <i>b <s>c <span class="tg-spoiler">d</span></s> <u>e</u></i> f</b>',
                "a b c d e f",
            ),
            ('<a href="http://x.uz/?a=1&amp;b=>">havola</a>', "havola"),
            ("<a href='tg://user?id=123'>u</a>", "u"),
            ("<a href=x.uz>u</a >", "u"),
            ("<A HREF='x'>u</a>", "u"),
            ("<i aba>k</i>", "k"),
            ("<blockquote expandable>q</blockquote>", "q"),
            ('<pre><code class="language-python">x = 1</code></pre>', "x = 1"),
            ("<tg-spoiler>s</tg-spoiler>", "s"),
            ('<tg-emoji emoji-id="5368324170671202286">x</tg-emoji>', "x"),
            ('<tg-time unix="1647531900" format="wDT">22:45</tg-time>', "22:45"),
            ("<b>x</>", "x"),
            ("&lt;b&gt; &amp;amp; &quot; &lt", '<b> &amp; " <'),
            ("&#65;&#x42;&#x1F600;", f"AB{SMILE}"),
            ("&ge; &nbsp; a & b &#0; &#12345678;", "&ge; &nbsp; a & b &#0; &#12345678;"),
            ("a > b", "a > b"),
        ],
    )
    def test_is_what_a_reader_sees(self, html: str, text: str) -> None:
        assert plain_text(html) == text

    @pytest.mark.parametrize(
        ("html", "sentence"),
        [
            ("<div>x</div>", "does not know the tag"),
            ("<script>alert(1)</script>", "does not know the tag"),
            ("<br>", "does not know the tag"),
            ("<br/>", "does not know the tag"),
            ("a < b", "at character 3"),
            ("< b>x</b>", "does not know the tag"),
            ("<b>x", "<b> is never closed"),
            ("x <b", "not finished"),
            ("<a href", "not finished"),
            ('<a href="x', "not finished"),
            ("<a href=x/>y</a>", "not finished"),
            ("<a =x>y</a>", "not finished"),
            ("<b>x</b", "not finished"),
            ("x</b>", "was not opened"),
            ("<b>x</i>", "<b> must be closed first"),
            ("<b><i>x</b></i>", "<i> must be closed first"),
            ("<span>x</span>", "tg-spoiler"),
            ('<span class="red">x</span>', "tg-spoiler"),
            ('<tg-emoji emoji-id="x">y</tg-emoji>', "emoji-id"),
            ("<tg-emoji>y</tg-emoji>", "emoji-id"),
            ("&#57311;", "half of a character"),
            ("&#xDFDF", "half of a character"),
            ("<!-- x -->", "does not know the tag"),
        ],
    )
    def test_is_refused_as_telegram_would(self, html: str, sentence: str) -> None:
        with pytest.raises(MarkupRefused, match=sentence):
            plain_text(html)

    def test_says_nothing_of_what_came(self) -> None:
        with pytest.raises(MarkupRefused) as refused:
            plain_text("<secret-tag-of-mine>")

        assert "secret" not in str(refused.value)

    @given(st.text())
    def test_never_breaks(self, html: str) -> None:
        with suppress(MarkupRefused):
            plain_text(html)

    @given(st.text(alphabet=st.sampled_from("<>/ab=\"'& ;#x3\n")))
    def test_never_breaks_on_fragments_of_tags(self, html: str) -> None:
        with suppress(MarkupRefused):
            plain_text(html)

    @given(st.lists(st.sampled_from(sorted(TAGS - {"span", "tg-emoji"})), max_size=20))
    def test_takes_any_nesting_that_is_closed(self, names: list[str]) -> None:
        opening = "".join(f"<{name}>" for name in names)
        closing = "".join(f"</{name}>" for name in reversed(names))

        assert plain_text(f"{opening}x{closing}") == "x"

    def test_takes_time_in_proportion_to_the_length(self) -> None:
        for html in ("<" * 30_000, "<b " + "a=b " * 10_000, "&" * 30_000, "<b>" * 10_000):
            with pytest.raises(MarkupRefused):
                require_sendable(html)


class TestRequireSendable:
    def test_counts_without_tags_and_references(self) -> None:
        require_sendable("<b>" + "&lt;" * MAX_UNITS + "</b>")

        with pytest.raises(MarkupRefused, match="4096"):
            require_sendable("<b>" + "&lt;" * (MAX_UNITS + 1) + "</b>")

    def test_counts_utf_16_units_as_telegram_does(self) -> None:
        require_sendable(SMILE * (MAX_UNITS // 2))

        with pytest.raises(MarkupRefused, match="UTF-16"):
            require_sendable(SMILE * (MAX_UNITS // 2) + "a")

    @pytest.mark.parametrize("html", ["<b></b>", " \n ", "<i> </i>", "&#32;"])
    def test_refuses_what_has_nothing_to_read(self, html: str) -> None:
        with pytest.raises(MarkupRefused, match="blank"):
            require_sendable(html)

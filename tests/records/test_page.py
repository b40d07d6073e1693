from genlab.records.page import Markup, element, facts, page, section


def test_text_is_escaped_where_it_enters_an_element_and_once_only():
    inner = element("b", "<i> & 'x'")
    assert inner == "<b>&lt;i&gt; &amp; &#x27;x&#x27;</b>"
    assert element("p", inner, "<") == f"<p>{inner}&lt;</p>"


def test_an_attribute_cannot_be_left_by_a_quote():
    assert element("img", alt='" onerror="x', class_="wide") == '<img alt="&quot; onerror=&quot;x" class="wide">'


def test_what_no_page_may_hold_is_marked():
    assert element("p", "a\0b\x1b[1m\ud800\n") == "<p>a\ufffdb\ufffd[1m\ufffd\n</p>"


def test_nothing_has_no_heading():
    assert section("Figures") == section("Figures", Markup("")) == facts([("step", "")]) == ""


def test_a_page_may_load_nothing():
    assert "default-src 'none'; img-src data:;" in page("title")

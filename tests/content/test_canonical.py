import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from octoplan.content.tree import Canonical, strings_of, with_strings

KEYS = st.text(max_size=4) | st.sampled_from(["text", "metadata", "a", "b"])
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["\x000", '"', "\\u0000"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@given(tree=st.dictionaries(KEYS, TREES, max_size=4), data=st.data())
def test_the_canonical_json_of_a_tree_is_that_of_json_with_the_texts_put_in(tree: dict[str, Any], data: Any) -> None:
    places = [pointer for pointer, _ in strings_of(tree)]
    pointers = data.draw(st.permutations(places))[: data.draw(st.integers(0, len(places)))]
    texts = data.draw(st.lists(st.text(max_size=8), min_size=len(pointers), max_size=len(pointers)))
    made = with_strings(tree, dict(zip(pointers, texts, strict=True)))
    canonical = Canonical(tree, pointers)
    assert canonical.write(texts) == json.dumps(made, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert canonical.write_ascii(texts) == json.dumps(made, sort_keys=True, separators=(",", ":"))

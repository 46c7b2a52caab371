"""HLO text is read as XLA writes it; loops whose length it tells are followed."""

import pytest

from tfscale.models.hlo import Array, loop_length, parse

LOOP = """HloModule loop, entry_computation_layout={{(f32[2,3]{{1,0}})->f32[2,3]{{1,0}}}}

%body.1 (carried.1: (s32[], (f32[2,3], s32[]))) -> (s32[], (f32[2,3], s32[])) {{
  %carried.1 = (s32[], (f32[2,3]{{1,0}}, s32[])) parameter(0), metadata={{op_name="XLA_Args"}}
  %step.1 = s32[] get-tuple-element((s32[], (f32[2,3]{{1,0}}, s32[])) %carried.1), index=0
  %more.1 = s32[] constant({by})
  %next.1 = s32[] add(s32[] %step.1, s32[] %more.1)
  %rest.1 = (f32[2,3], s32[]) get-tuple-element((s32[], /*index=1*/(f32[2,3])) %carried.1), index=1
  ROOT %both.1 = (s32[], (f32[2,3]{{1,0}}, s32[])) tuple(s32[] %next.1, (f32[2,3], s32[]) %rest.1)
}}

%test.1 (seen.1: (s32[], (f32[2,3], s32[]))) -> pred[] {{
  %seen.1 = (s32[], (f32[2,3]{{1,0}}, s32[])) parameter(0)
  %now.1 = s32[] get-tuple-element((s32[], (f32[2,3]{{1,0}}, s32[])) %seen.1), index=0
  %end.1 = s32[] constant({end})
  ROOT %less.1 = pred[] compare(s32[] %now.1, s32[] %end.1), direction=LT
}}

ENTRY %main.1 (x.1: f32[2,3], n.1: s32[]) -> (s32[], (f32[2,3], s32[])) {{
  %x.1 = f32[2,3]{{1,0}} parameter(0), parameter_replication={{false}}
  %n.1 = s32[] parameter(1)
  %unused.1 = f32[2,3]{{1,0}} negate(f32[2,3]{{1,0}} %x.1)
  %zero.1 = s32[] constant(0)
  %pair.1 = (f32[2,3]{{1,0}}, s32[]) tuple(f32[2,3]{{1,0}} %x.1, s32[] %zero.1)
  %first.1 = (s32[], (f32[2,3]{{1,0}}, s32[])) tuple(s32[] %{start}.1, (f32[2,3], s32[]) %pair.1)
  ROOT %while.1 = (s32[], (f32[2,3]{{1,0}}, s32[])) while((s32[]) %first.1), condition=%test.1, \
body=%body.1, metadata={{op_type="While" op_name="net/lstm/while" source_file="a (b).py"}}
}}
"""


def module(start="zero", end="12", by="1"):
    return parse(LOOP.format(start=start, end=end, by=by))


def test_a_line_is_read_with_its_types_operands_and_names():
    entry = module().entry
    loop = entry.root
    assert (loop.opcode, loop.operands, loop.op_name) == ("while", ("first.1",), "net/lstm/while")
    assert (loop.called("body"), loop.called("condition")) == ("body.1", "test.1")
    assert loop.type == (Array("s32", ()), (Array("f32", (2, 3)), Array("s32", ())))
    assert entry.operations["n.1"].literal == "1"


def test_what_the_result_does_not_need_is_not_live():
    assert [one.name for one in module().entry.live] == [
        "x.1",
        "zero.1",
        "pair.1",
        "first.1",
        "while.1",
    ]


@pytest.mark.parametrize(
    ("settings", "steps"),
    [
        ({}, 12),
        ({"end": "7", "by": "3"}, 3),
        ({"end": "0"}, 0),
        ({"start": "n"}, None),  # an input says where it starts
        ({"by": "0"}, None),  # it never ends
    ],
)
def test_the_length_of_a_loop_follows_from_its_constants(settings, steps):
    read = module(**settings)
    assert loop_length(read, read.entry, read.entry.root) == steps


@pytest.mark.parametrize(
    ("dtype", "size"), [("f32", 24), ("bf16", 12), ("s64", 48), ("pred", 6), ("u4", 6), ("c64", 48)]
)
def test_bytes_follow_from_the_type(dtype, size):
    assert Array(dtype, (2, 3)).bytes == size


@pytest.mark.parametrize("text", ["", "ENTRY %a (x: f32[]) -> f32[] {\n  nonsense\n}"])
def test_what_is_no_hlo_is_refused(text):
    with pytest.raises(ValueError, match=r"no ENTRY|no HLO operation"):
        parse(text)

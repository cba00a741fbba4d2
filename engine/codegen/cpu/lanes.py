"""The loop over many lanes as machine code: `WIDTH` lanes at a time, and the next one as soon as one is done.

A lane that is done gives its place to the next that waits, so lanes that differ a hundredfold in their number
of rounds keep all places busy. The code follows XLA's C interface for foreign functions, so that a jitted
function can call it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..ir import Scalar
from .builder import VectorCode
from .types import WIDTH, bytes_of, memory_type, scalar_type


@dataclass(frozen=True)
class Leaf:
    """An array of every lane: how many numbers a lane has in it, of which kind, and in how many dims.

    One that is not `used` is not handed over.
    """

    size: int
    kind: str
    rank: int
    used: bool = True


@dataclass(frozen=True)
class Loop:
    """A loop, taken apart: inputs are numbered through all leaves, number by number.

    The first `split` leaves change; `going` tells whether a lane goes on, and `after` are all numbers that
    change, as they are after a round.
    """

    leaves: tuple[Leaf, ...]
    split: int
    going: Scalar
    after: tuple[Scalar, ...]


def lane_code(loop: Loop, name: str) -> str:
    """LLVM code of a function `name` that XLA can call: arrays of lanes in, the carried ones out."""
    leaves = loop.leaves
    places = [f"%n{i}" for i in range(sum(leaf.size for leaf in leaves))]
    kinds = [leaf.kind for leaf in leaves for _ in range(leaf.size)]
    check, round_ = VectorCode("c", places, "%used"), VectorCode("r", places, "%on")
    going = check.value(loop.going)
    # All numbers are computed before the first is stored: a later one may need what was there before.
    round_.compute(loop.after)
    for i, scalar in enumerate(loop.after):
        if not (scalar.op == "input" and scalar.value == i):
            round_.store(scalar, places[i])
    rooms = [f"  {p} = alloca {memory_type(k)}, align 64" for p, k in zip(places, kinds, strict=True)]
    rooms += [
        f"  store {memory_type(k)} zeroinitializer, ptr {p}, align 64"
        for p, k in zip(places, kinds, strict=True)
    ]
    parts = {
        "name": name,
        "version": _MINOR << 32,
        "width": WIDTH,
        "rooms": "\n".join(rooms),
        "check": "\n".join(check.lines),
        "going": going,
        "round": "\n".join(round_.lines),
        "flush": "\n".join(_copies(leaves[: loop.split], places, "out")),
        "fetch": "\n".join(_copies(leaves, places, "in")),
        "rank": leaves[0].rank,
        "pointers": "\n".join(
            _pointers("in", sum(leaf.used for leaf in leaves), _AT["CallFrame_args_args"])
            + _pointers("out", loop.split, _AT["CallFrame_rets_rets"])
        ),
        "declarations": "\n".join(sorted(check.called | round_.called)),
        **_AT,
    }
    return _TEMPLATE.format(**parts)


def _pointers(side: str, count: int, offset: int) -> list[str]:
    """Where the data of each buffer of the call lies (XLA_FFI_Args, XLA_FFI_Rets, XLA_FFI_Buffer)."""
    lines = [
        f"  %{side}.list.at = getelementptr i8, ptr %frame, i64 {offset}",
        f"  %{side}.list = load ptr, ptr %{side}.list.at",
    ]
    for i in range(count):
        lines += [
            f"  %{side}{i}.at = getelementptr ptr, ptr %{side}.list, i64 {i}",
            f"  %{side}{i}.buffer = load ptr, ptr %{side}{i}.at",
            f"  %{side}{i}.data.at = getelementptr i8, ptr %{side}{i}.buffer, i64 {_AT['Buffer_data']}",
            f"  %{side}{i} = load ptr, ptr %{side}{i}.data.at",
        ]
    return lines


def _copies(leaves: Sequence[Leaf], places: Sequence[str], side: str) -> list[str]:
    """Copy one lane's numbers from memory to its place, or back."""
    lines, number, i = [], 0, -1
    for leaf in leaves:
        if not leaf.used:
            number += leaf.size
            continue
        i += 1
        kind, size = scalar_type(leaf.kind), bytes_of(leaf.kind)
        at = f"%{side}.copy{i}"
        if leaf.size:
            lines += [
                f"  {at}.row = mul i64 %{side}.lane, {leaf.size * size}",
                f"  {at} = getelementptr i8, ptr %{side}{i}, i64 {at}.row",
            ]
        for k in range(leaf.size):
            here, there, value = f"{at}.p{k}", f"{at}.m{k}", f"{at}.v{k}"
            lines += [
                f"  {here} = getelementptr {kind}, ptr {places[number]}, i64 %slot",
                f"  {there} = getelementptr {kind}, ptr {at}, i64 {k}",
            ]
            source, target = (there, here) if side == "in" else (here, there)
            lines += [
                f"  {value} = load {kind}, ptr {source}, align {size}",
                f"  store {kind} {value}, ptr {target}, align {size}",
            ]
            number += 1
    return lines


# XLA's C interface (xla/ffi/api/c_api.h) has version 0.3 here, major and minor in two 32 bit numbers. While
# the major one is 0, fields are only added at the end of its structures, so any such version suits this
# code; to another one it says 0.3, and XLA refuses it.
_MINOR = 3

# Where the fields lie that are read here; tested against the header that comes with jaxlib.
OFFSETS = {
    "XLA_FFI_CallFrame.extension_start": 8,
    "XLA_FFI_CallFrame.api": 16,
    "XLA_FFI_CallFrame.args.args": 72,
    "XLA_FFI_CallFrame.rets.rets": 112,
    "XLA_FFI_Buffer.data": 24,
    "XLA_FFI_Buffer.rank": 32,
    "XLA_FFI_Buffer.dims": 40,
    "XLA_FFI_Api.api_version.major_version": 32,
    "XLA_FFI_Metadata_Extension.metadata": 24,
    "XLA_FFI_Metadata.api_version.major_version": 24,
}
_AT = {name.removeprefix("XLA_FFI_").replace(".", "_"): offset for name, offset in OFFSETS.items()}

_TEMPLATE = """
{declarations}
declare i{width} @llvm.cttz.i{width}(i{width}, i1)

define ptr @{name}(ptr %frame) "min-legal-vector-width"="512" {{
entry:
  %lane.of = alloca <{width} x i64>, align 64
{rooms}
  store <{width} x i64> splat (i64 -1), ptr %lane.of, align 64
  %extension.at = getelementptr i8, ptr %frame, i64 {CallFrame_extension_start}
  %extension = load ptr, ptr %extension.at
  %asked = icmp ne ptr %extension, null
  br i1 %asked, label %metadata, label %begin

metadata:
  %api.at = getelementptr i8, ptr %frame, i64 {CallFrame_api}
  %api = load ptr, ptr %api.at
  %version.at = getelementptr i8, ptr %api, i64 {Api_api_version_major_version}
  %version.of.xla = load i64, ptr %version.at
  %major = trunc i64 %version.of.xla to i32
  %known = icmp eq i32 %major, 0
  %version = select i1 %known, i64 %version.of.xla, i64 {version}
  %answer.at = getelementptr i8, ptr %extension, i64 {Metadata_Extension_metadata}
  %answer = load ptr, ptr %answer.at
  %told.at = getelementptr i8, ptr %answer, i64 {Metadata_api_version_major_version}
  store i64 %version, ptr %told.at
  ret ptr null

begin:
{pointers}
  %rank.at = getelementptr i8, ptr %in0.buffer, i64 {Buffer_rank}
  %rank = load i64, ptr %rank.at
  %outer = sub i64 %rank, {rank}
  %dims.at = getelementptr i8, ptr %in0.buffer, i64 {Buffer_dims}
  %dims = load ptr, ptr %dims.at
  br label %count

count:
  %dim = phi i64 [ 0, %begin ], [ %dim.next, %count.more ]
  %lanes = phi i64 [ 1, %begin ], [ %lanes.next, %count.more ]
  %counted = icmp sge i64 %dim, %outer
  br i1 %counted, label %check, label %count.more

count.more:
  %length.at = getelementptr i64, ptr %dims, i64 %dim
  %length = load i64, ptr %length.at
  %lanes.next = mul i64 %lanes, %length
  %dim.next = add i64 %dim, 1
  br label %count

check:
  %next = phi i64 [ 0, %count ], [ %next, %moved ], [ %next.after, %refilled ]
  %held = load <{width} x i64>, ptr %lane.of, align 64
  %used = icmp sge <{width} x i64> %held, zeroinitializer
{check}
  br label %checked

checked:
  %on = and <{width} x i1> %used, {going}
  %off = xor <{width} x i1> %on, splat (i1 true)
  %more = icmp slt i64 %next, %lanes
  %used.bits = bitcast <{width} x i1> %used to i{width}
  %off.bits = bitcast <{width} x i1> %off to i{width}
  %open = select i1 %more, i{width} -1, i{width} %used.bits
  %due = and i{width} %off.bits, %open
  %none.due = icmp eq i{width} %due, 0
  br i1 %none.due, label %idle, label %serve

idle:
  %empty = icmp eq i{width} %used.bits, 0
  br i1 %empty, label %done, label %round

done:
  ret ptr null

serve:
  %left = phi i{width} [ %due, %checked ], [ %left.next, %served ]
  %next.now = phi i64 [ %next, %checked ], [ %next.then, %served ]
  %bit = call i{width} @llvm.cttz.i{width}(i{width} %left, i1 true)
  %slot = zext i{width} %bit to i64
  %left.less = sub i{width} %left, 1
  %left.next = and i{width} %left, %left.less
  %lane.at = getelementptr i64, ptr %lane.of, i64 %slot
  %out.lane = load i64, ptr %lane.at
  %full = icmp sge i64 %out.lane, 0
  br i1 %full, label %flush, label %flushed

flush:
{flush}
  br label %flushed

flushed:
  store i64 -1, ptr %lane.at
  %waiting = icmp slt i64 %next.now, %lanes
  br i1 %waiting, label %fetch, label %served

fetch:
  %in.lane = add i64 %next.now, 0
  store i64 %in.lane, ptr %lane.at
{fetch}
  %next.up = add i64 %next.now, 1
  br label %served

served:
  %next.then = phi i64 [ %next.now, %flushed ], [ %next.up, %fetch ]
  %still = icmp ne i{width} %left.next, 0
  br i1 %still, label %serve, label %refilled

refilled:
  %next.after = phi i64 [ %next.then, %served ]
  br label %check

round:
{round}
  br label %moved

moved:
  br label %check
}}
"""

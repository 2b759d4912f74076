"""The page's own arithmetic, in the browser: masks as panodent's, edits by hand-made examples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from panodent.dentition import TEETH
from panodent.teeth.outlines import fill, to_parts

RASTER = """async (polygons) => {
  const raster = await moduleOfPage('raster.js');
  const mask = raster.fill(polygons, [40, 30]);
  return { count: raster.count(mask), traced: raster.trace(mask) };
}"""


def polygons_of(mask: Any) -> Any:
    return [[ring.tolist() for ring in part] for part in to_parts(mask)]


def same(one: Any, other: Any) -> bool:
    """Whether two lists of polygons fill to the same pixels, by panodent's own rule."""
    return bool((fill(one, (30, 40)) == fill(other, (30, 40))).all())


def test_masks_go_to_outlines_and_back_as_panodents_do(start_page: Any) -> None:
    random = np.random.default_rng(4)
    for share in (0.2, 0.5, 0.8):  # holes, touching corners, crumbs
        mask = random.random((30, 40)) < share
        answer = start_page.evaluate(RASTER, polygons_of(mask))
        assert answer["count"] == mask.sum()
        assert len(answer["traced"]) == len(polygons_of(mask))
        assert same(answer["traced"], polygons_of(mask))


def test_slanted_outlines_fill_by_pixel_centres(start_page: Any) -> None:
    drawn = [[[[2.3, 1.2], [30.7, 5.9], [12.1, 28.4]]], [[[25, 20], [60, 20], [25, 45]]]]
    answer = start_page.evaluate(RASTER, drawn)
    assert answer["count"] == fill(drawn, (30, 40)).sum()
    assert same(answer["traced"], drawn)


EDITS = """async (work) => {
  const edits = await moduleOfPage('edits.js');
  const square = (x) => [[[[x, 0], [x + 8, 0], [x + 8, 8], [x, 8]]]];
  const teeth = [[18, 0], [17, 10], [16, 20], [14, 30]].map(([fdi, x]) =>
    edits.toothFrom(square(x), fdi, { id: `t${fdi}` }));
  const key = (fdi) => teeth.find((tooth) => tooth.fdi === fdi).key;
  const fdi = (list) => list.map((tooth) => tooth.fdi);
  try {
    switch (work) {
      case 'shift right': return fdi(edits.shift(teeth, [key(17)], 1));
      case 'shift left': return fdi(edits.shift(teeth, [key(16)], -1));
      case 'shift one': return fdi(edits.shift(teeth, [key(14)], -1));
      case 'over the middle': {
        const across = edits.renumber(teeth, key(14), 11).teeth;
        return fdi(edits.shift(across, [across[3].key], 1));
      }
      case 'swap': return fdi(edits.renumber(teeth, key(18), 16).teeth);
      case 'split': {
        const { teeth: now } = edits.split(teeth, key(17), [15, -1], [15, 9], [60, 20]);
        return now.map((tooth) => [tooth.fdi, tooth.area]);
      }
      case 'split beside free': {
        const left = edits.remove(teeth, [key(16)]);
        const cutAt = (x) => edits.split(left, key(17), [x, -1], [x, 9], [60, 20]).teeth;
        return [cutAt(15), cutAt(12)].map((list) => list.map((tooth) => [tooth.fdi, tooth.area]));
      }
      case 'split above': {
        const child = [...teeth, edits.toothFrom(square(40), 75, {})];
        const cut = (list) =>
          fdi(edits.split(list, list.at(-1).key, [30, 3], [50, 3], [60, 20]).teeth).slice(-2);
        const permanent = [edits.toothFrom(square(0), 84), edits.toothFrom(square(40), 35)];
        return [cut(child), cut(permanent), cut([edits.toothFrom(square(40), 35)])];
      }
      case 'miss': return edits.split(teeth, key(17), [50, 0], [50, 9], [60, 20]);
      case 'merge': {
        const { tooth, teeth: now } = edits.merge(teeth, [key(16), key(17)], [60, 20]);
        return [tooth.fdi, tooth.area, tooth.polygons.length, now.length];
      }
      case 'restore': {
        const { teeth: now } = edits.restore(edits.remove(teeth, [key(16)]), teeth[2]);
        return fdi(now);
      }
      case 'restore taken': {
        const left = edits.remove(teeth, [key(16)]);
        return fdi(edits.restore(edits.renumber(left, key(14), 16).teeth, teeth[2]).teeth);
      }
    }
  } catch (error) {
    return error.message;
  }
}"""


def test_edits(start_page: Any) -> None:
    def done(work: str) -> Any:
        return start_page.evaluate(EDITS, work)

    # 17 and what stands in its way moves towards the midline, as far as the free 15.
    assert done("shift right") == [18, 16, 15, 14]
    assert "18 is the last number" in done("shift left")
    assert done("shift one") == [18, 17, 16, 15]
    assert done("over the middle") == [18, 17, 16, 21]
    assert done("swap") == [16, 17, 18, 14]
    # 8 x 8 pixels cut at 5: the larger side keeps the number.
    assert done("split") == [[18, 64], [17, 40], [16, 64], [14, 64], [0, 24]]
    # The smaller side gets the free number on its side; else the sides share those there are.
    assert done("split beside free") == [
        [[18, 64], [17, 40], [14, 64], [16, 24]],
        [[18, 64], [16, 48], [14, 64], [17, 16]],
    ]
    # One above the other in a child's lower jaw: the crown is the deciduous tooth's.
    assert done("split above") == [[35, 75], [35, 75], [35, 0]]
    assert "does not cross" in done("miss")
    assert done("merge") == [16, 128, 2, 3]
    assert done("restore") == [18, 17, 14, 16]
    assert done("restore taken") == [18, 17, 16, 0]


FINDINGS = """async (work) => {
  const { useKinds } = await moduleOfPage('kinds.js');
  const { toothFrom } = await moduleOfPage('edits.js');
  const f = await moduleOfPage('findings.js');
  useKinds({
    filling: { carrier: 'tooth' }, crown: { carrier: 'either' }, implant: { carrier: 'position' },
  });
  const square = (x, y = 0, side = 8) =>
    [[[[x, y], [x + side, y], [x + side, y + side], [x, y + side]]]];
  const teeth = [[36, 0], [37, 10]].map(([fdi, x]) => toothFrom(square(x), fdi));
  const kinds = ['filling', 'crown', 'implant'];
  const made = kinds.map((kind) => f.findingFrom(square(1, 1, 2), kind, 36));
  const linked = f.linked(made, teeth);
  const fdi = (list) => list.map((finding) => finding.fdi);
  const numbered = (number) => [{ ...teeth[0], fdi: number }, teeth[1]];
  switch (work) {
    case 'linked': return linked.map((finding) => finding.tooth === teeth[0].key);
    case 'renumbered': return fdi(f.followed(linked, numbered(46)));
    case 'without number': return fdi(f.followed(linked, numbered(0)));
    case 'deleted': return fdi(f.followed(linked, [teeth[1]]));
    case 'restored': return fdi(f.followed(f.followed(linked, [teeth[1]]), teeth));
    case 'merged': {
      const joined = f.joined(linked, [teeth[0].key], teeth[1].key);
      return fdi(f.followed(joined, [teeth[1]]));
    }
    case 'assigned': {
      const given = f.assigned(linked, linked[0].key, 37);
      return fdi(f.followed(f.linked(given, teeth), numbered(46)));
    }
    case 'turned': {
      const [implant] = f.turned(linked, linked[0].key, 'implant');
      return [implant.kind, implant.fdi, f.followed([implant], [])[0].fdi];
    }
    case 'drawn': return [
      [1, 'filling', 0], [1, 'filling', 11], [12, 'crown', 36], [30, 'crown', 46],
      [1, 'implant', 0], [1, 'implant', 46],
    ].map(([x, kind, wanted]) =>
      f.drawn([], square(x, 1, 4), kind, wanted, teeth, [60, 20]).finding.fdi);
    case 'outside':
      try {
        return f.drawn([], square(-9), 'crown', 0, teeth, [60, 20]);
      } catch (error) {
        return error.message;
      }
  }
}"""


def test_findings_follow_teeth_as_in_the_service(start_page: Any) -> None:
    def done(work: str) -> Any:
        return start_page.evaluate(FINDINGS, work)

    try:
        # An implant is on no tooth, also where one is marked.
        assert done("linked") == [True, True, False]
        assert done("renumbered") == [46, 46, 36]
        assert done("without number") == [0, 0, 36]
        assert done("deleted") == [0, 36, 36]
        assert done("restored") == [36, 36, 36]
        assert done("merged") == [37, 37, 36]
        assert done("assigned") == [37, 46, 36]
        assert done("turned") == ["implant", 36, 36]
        # The tooth below counts before the wanted number, but not for an implant.
        assert done("drawn") == [36, 36, 37, 46, 0, 46]
        assert "no pixel" in done("outside")
    finally:
        start_page.reload()  # with the table of kinds of the service
        start_page.wait_for_selector("html[data-ready]")


MIXED = """async ([numbers, from, step]) => {
  const edits = await moduleOfPage('edits.js');
  const teeth = numbers.map((fdi, i) => edits.toothFrom([[[[i, 0], [i + 1, 0], [i + 1, 9]]]], fdi));
  const key = teeth[numbers.indexOf(from)].key;
  try {
    return edits.shift(teeth, [key], step).map((tooth) => tooth.fdi);
  } catch (error) {
    return error.message;
  }
}"""


@pytest.mark.parametrize(
    ("numbers", "start", "step", "expected"),
    [
        # Above and below stand 55 and the germ of 15: each row keeps to itself.
        ([16, 55, 54, 15, 14], 55, 1, [16, 54, 53, 15, 14]),
        ([16, 55, 54, 15, 14], 16, 1, [15, 55, 54, 14, 13]),
        # Over the midline, and the lower jaw from left to right.
        ([52, 51, 62, 12], 52, 1, [51, 61, 62, 12]),
        ([84, 83, 74, 44, 43], 84, 1, [83, 82, 74, 44, 43]),
        ([85, 84, 46], 84, -1, "85 is the last number of its arch"),
        ([55, 54, 16], 54, -1, "55 is the last number of its arch"),
        ([17, 18, 55], 17, -1, "18 is the last number of its arch"),
    ],
)
def test_a_shift_never_mixes_permanent_and_deciduous(
    start_page: Any, numbers: list[int], start: int, step: int, expected: Any
) -> None:
    found = start_page.evaluate(MIXED, [numbers, start, step])
    if isinstance(expected, str):
        assert found.startswith(expected)
    else:
        assert found == expected


def test_every_number_is_written_and_read(start_page: Any) -> None:
    table = start_page.evaluate(
        """async (numbers) => {
          const { arch, read, written } = await moduleOfPage('arch.js');
          const rows = [['upper', false], ['lower', false], ['upper', true], ['lower', true]];
          const all = rows.flatMap(([jaw, deciduous]) => arch(jaw, deciduous));
          return all.map((fdi) => [fdi, ...['fdi', 'universal', 'palmer'].map((system) => {
            const text = written(fdi, system);
            if (read(text.toLowerCase(), system) !== fdi) throw Error(`${text} is not ${fdi}`);
            return text;
          })]);
        }""",
        [],
    )
    assert {fdi: tuple(texts) for fdi, *texts in table} == {
        fdi: (str(fdi), tooth.universal, tooth.palmer) for fdi, tooth in TEETH.items()
    }


def test_simplified_lines_stay_near(start_page: Any) -> None:
    ring = start_page.evaluate(
        """async () => {
          const { simplified } = await moduleOfPage('geometry.js');
          return simplified([[0, 0], [5, 0.4], [10, 0], [10, 5], [10, 10], [5, 13], [0, 10]], 0.5);
        }"""
    )
    assert ring == [[0, 0], [10, 0], [10, 10], [5, 13], [0, 10]]


LABELS = """async () => {
  const { arrange } = await moduleOfPage('labels.js');
  const usual = { y: 0, number: 'UR1', marks: '', room: 30, up: true, first: false };
  const label = (x, more) => ({ ...usual, x, ...more });
  const shown = (...labels) => {
    arrange(labels, false);
    return labels.map(({ shown }) => shown && [shown.text, shown.size, shown.shift]);
  };
  return [
    shown(label(0), label(40)),
    shown(label(0), label(15)),
    shown(label(0), label(0, { first: true })),
    shown(label(0, { room: 12 }), label(40, { marks: '?*' })),
  ];
}"""


def test_numbers_do_not_lie_over_each_other(start_page: Any) -> None:
    assert start_page.evaluate(LABELS) == [
        [["UR1", "large", 0], ["UR1", "large", 0]],
        [["UR1", "large", 0], ["UR1", "large", -18]],  # towards the root
        [["UR1", "large", -18], ["UR1", "large", 0]],  # the selected one has the place
        [None, ["UR1", "large", 0]],  # no room in its tooth; no room for the marks
    ]


WINDOW = """async () => {
  const { Picture } = await moduleOfPage('picture.js');
  const canvas = new OffscreenCanvas(1300, 4);
  const context = canvas.getContext('2d');
  context.fillStyle = 'rgb(40, 40, 40)';
  context.fillRect(0, 0, 650, 4);
  context.fillStyle = 'rgb(200, 200, 200)';
  context.fillRect(650, 0, 650, 4);
  const picture = await Picture.from(await canvas.convertToBlob());
  const said = [picture.size, picture.mapping];
  picture.usePreset('auto');
  said.push([picture.level, picture.width]);
  picture.setWindow(100, 51);
  picture.inverted = true;
  const [slope, intercept] = picture.mapping;
  const shown = (grey) => Math.round((slope * grey) / 255 * 100 + intercept * 100);
  said.push([74.5, 100, 125.5].map(shown));
  return said;
}"""


def test_a_window_maps_its_lower_end_to_black(start_page: Any) -> None:
    size, whole, auto, inverted = start_page.evaluate(WINDOW)
    assert (size, whole) == ([1300, 4], [1, 0])
    assert auto == [120, 160]  # from 40 to 200
    assert inverted == [100, 50, 0]


PAINT = """async ([polygons, points, radius, adds]) => {
  const raster = await moduleOfPage('raster.js');
  const mask = raster.paint(raster.fill(polygons, [40, 30]), points, radius, adds, [40, 30]);
  return raster.trace(mask);
}"""


@pytest.mark.parametrize("adds", [True, False])
def test_a_brush_paints_the_pixels_near_its_stroke(start_page: Any, adds: bool) -> None:
    square = [[[[10, 10], [20, 10], [20, 20], [10, 20]]]]
    rows, columns = np.mgrid[:30, :40] + 0.5
    along = np.clip(columns, 15, 39)  # a stroke to the right, over the edge of the image
    near = np.hypot(columns - along, rows - 18) <= 4
    before = fill(square, (30, 40))
    expected = before | near if adds else before & ~near
    painted = start_page.evaluate(PAINT, [square, [[15, 18], [39, 18]], 4, adds])
    assert (fill(painted, (30, 40)) == expected).all()


SCALE = """async () => {
  const { calibrate, calibrated, millimetres } = await moduleOfPage('scale.js');
  const plain = { id: 'a', spacing_mm: null };
  const dicom = { id: 'b', spacing_mm: [0.1, 0.2] };
  const said = [millimetres(plain, [0, 0], [3, 4]), millimetres(dicom, [0, 0], [30, 40])];
  calibrate(plain, 2);
  return [...said, millimetres(plain, [0, 0], [3, 4]), calibrated(plain), calibrated(dicom)];
}"""


def test_millimetres_are_those_of_the_file_or_of_a_calibration(start_page: Any) -> None:
    none, uncalibrated, calibrated, *which = start_page.evaluate(SCALE)
    assert none is None
    assert uncalibrated == pytest.approx(np.hypot(6, 4))
    assert calibrated == 10
    assert which == [True, False]

// Loads a segmentation with the code of the OHIF viewer, and compares its label maps with the file.
//
//   npm install dcmjs@0.52 @babel/runtime@7 @cornerstonejs/{adapters,core,metadata,tools}@5.14
//   node ohif_seg.mjs teeth.seg-ohif.dcm radiograph.dcm
//
// The function is the one that OHIF 3 calls, createFromDicomSegImageId. The exit code is 0 if all
// segments are equal, and 1 if the loader refuses the file, as it does without Image Orientation.

import fs from "node:fs";

globalThis.window ??= globalThis; // the packages are made for browsers
globalThis.document ??= { createElement: () => ({ getContext: () => null, style: {} }) };
const { adaptersSEG } = await import("@cornerstonejs/adapters");
const { metaData } = await import("@cornerstonejs/core");
const { data } = (await import("dcmjs")).default;

const IMAGE = "wadouri:radiograph";
const SEGMENTATION = "wadouri:segmentation";

function read(name) {
  const bytes = fs.readFileSync(name);
  const part = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  return data.DicomMetaDictionary.naturalizeDataset(data.DicomMessage.readFile(part).dict);
}

const [segmentation, radiograph] = process.argv.slice(2, 4).map(read);

// What OHIF knows: the second part are its defaults for a radiograph without a position in the patient.
const modules = {
  [SEGMENTATION]: { instance: segmentation },
  [IMAGE]: {
    instance: radiograph,
    sopCommonModule: { sopInstanceUID: radiograph.SOPInstanceUID },
    generalImageModule: { sopInstanceUID: radiograph.SOPInstanceUID },
    generalSeriesModule: { seriesInstanceUID: radiograph.SeriesInstanceUID },
    imagePixelModule: {
      rows: radiograph.Rows,
      columns: radiograph.Columns,
      bitsAllocated: 8,
      samplesPerPixel: 1,
      pixelRepresentation: 0,
      photometricInterpretation: "MONOCHROME2",
    },
    imagePlaneModule: {
      rows: radiograph.Rows,
      columns: radiograph.Columns,
      rowCosines: [1, 0, 0],
      columnCosines: [0, 1, 0],
      imageOrientationPatient: [1, 0, 0, 0, 1, 0],
      imagePositionPatient: [0, 0, 0],
      rowPixelSpacing: 1,
      columnPixelSpacing: 1,
    },
  },
};
metaData.addProvider((name, image) => modules[image]?.[name], 10_000);

const size = segmentation.Rows * segmentation.Columns;
const bits = new Uint8Array([].concat(segmentation.PixelData)[0]);
function frame(index) {
  const pixels = new Uint8Array(size); // in the file eight pixels in a byte
  for (let at = 0; at < size; at++) {
    const bit = index * size + at;
    pixels[at] = (bits[bit >> 3] >> (bit & 7)) & 1;
  }
  return pixels;
}

let loaded;
try {
  const { createFromDicomSegImageId } = adaptersSEG.Cornerstone3D.Segmentation;
  loaded = await createFromDicomSegImageId([IMAGE], SEGMENTATION, {
    metadataProvider: metaData,
    frameImageIds: Array.from({ length: segmentation.NumberOfFrames }, (_, index) => String(index)),
    decodeImageData: async (index) => frame(Number(index)),
  });
} catch (error) {
  console.log(`OHIF's loader refuses it: ${error.message}`);
  process.exit(1);
}

const maps = loaded.labelMapImages.flat().map((image) => image.voxelManager.getScalarData());
const segments = [].concat(segmentation.SegmentSequence); // one frame each
const equal = segments.filter((_, index) =>
  frame(index).every((pixel, at) => pixel === Number(maps.some((map) => map[at] === index + 1))),
);
console.log(`${equal.length} of ${segments.length} segments are equal; ${maps.length} label maps`);
process.exit(equal.length === segments.length ? 0 : 1);

"""From a radiograph to `Teeth`: network, decoding, numbering, folders of radiographs."""

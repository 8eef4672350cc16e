"""The tlog-tiles layout: the specification's own examples of paths and counts, and hashes that add up."""

import hashlib

import pytest

from ringwall.engines.ledger.merkle import Tree, leaf_hash
from ringwall.engines.ledger.tiles import bundle, bundle_entries, entries_path, tile_hashes, tile_path, tiles


def test_paths_are_the_specifications_examples():
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path(2, 0, 1) == "tile/2/000.p/1"
    assert entries_path(1000, 112) == "tile/entries/x001/000.p/112"
    assert entries_path(999) == "tile/entries/999"


def test_a_tree_of_70000_has_the_specifications_tiles():
    made = dict(tiles(Tree([hashlib.sha256(b"same").digest()] * 70_000)))
    level0 = [path for path in made if path.startswith("tile/0/")]
    assert len([path for path in level0 if ".p/" not in path]) == 273
    assert [path for path in level0 if ".p/" in path] == ["tile/0/273.p/112"]
    assert sorted(set(made) - set(level0)) == ["tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]
    assert all(len(tile) == 8192 for path, tile in made.items() if ".p/" not in path)


def test_a_tree_of_256_is_one_full_tile_and_its_root_above():
    whole = Tree([leaf_hash(b"%d" % i) for i in range(256)])
    made = dict(tiles(whole))
    assert sorted(made) == ["tile/0/000", "tile/1/000.p/1"]
    assert made["tile/1/000.p/1"] == whole.root(256)
    assert Tree(tile_hashes(made["tile/0/000"])).root(256) == whole.root(256)


def test_bundles_go_there_and_back():
    entries = [b"", b"a", b"x" * 65535]
    assert bundle(entries[:2]).hex() == "0000000161"
    assert bundle_entries(bundle(entries)) == entries
    for cut in (b"\x00", b"\x00\x02a"):
        with pytest.raises(ValueError):
            bundle_entries(cut)
    with pytest.raises(OverflowError):
        bundle([b"x" * 65536])
    with pytest.raises(ValueError):
        tile_hashes(b"short")

"""Merkle tree and proofs against Certificate Transparency's published vectors and RFC 6962's recursion."""

import hashlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringwall.engines.ledger.merkle import EMPTY_ROOT, Frontier, Tree, leaf_hash, node_hash
from ringwall.engines.ledger.proofs import extends, includes

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

# The leaves, roots and proofs that certificate-transparency's and Trillian's own tests use.
LEAVES = [bytes.fromhex(x) for x in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
LEAVES.append(bytes(range(0x60, 0x70)))
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 8): ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
             "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"],
    (5, 8): ["bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
             "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
             "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"],
}  # fmt: skip
CONSISTENCY = {
    (1, 8): INCLUSION[0, 8],
    (2, 5): ["5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"],
}  # fmt: skip

sizes = st.integers(1, 70)


def mth(entries):
    """RFC 6962 section 2.1, word for word."""
    if not entries:
        return hashlib.sha256().digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return hashlib.sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


def entries(count):
    return [b"entry %d" % i for i in range(count)]


def tree(count):
    return Tree(leaf_hash(e) for e in entries(count))


def test_the_empty_tree_is_the_hash_of_nothing():
    assert Frontier().root() == Tree([]).root(0) == EMPTY_ROOT == hashlib.sha256(b"").digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_the_published_ones(size):
    frontier = Frontier()
    for entry in LEAVES[:size]:
        frontier.append(leaf_hash(entry))
    assert frontier.root().hex() == ROOTS[size - 1]
    assert Tree(leaf_hash(e) for e in LEAVES).root(size).hex() == ROOTS[size - 1]


def test_leaf_and_node_hashes_are_the_published_ones():
    assert leaf_hash(b"L123456").hex() == "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    assert node_hash(b"N123", b"N456").hex() == ("aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb")


def test_proofs_are_the_published_ones():
    known = Tree(leaf_hash(e) for e in LEAVES)
    for (index, size), proof in INCLUSION.items():
        assert [h.hex() for h in known.inclusion(index, size)] == proof
    for (old, new), proof in CONSISTENCY.items():
        assert [h.hex() for h in known.consistency(old, new)] == proof


@pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 1000])
def test_folding_in_chunks_and_one_by_one_agree_with_the_recursion(size):
    hashes = [leaf_hash(e) for e in entries(size)]
    one_by_one, at_once, in_two = Frontier(), Frontier(), Frontier()
    for leaf in hashes:
        one_by_one.append(leaf)
    at_once.extend(hashes)
    in_two.extend(hashes[: size // 3])
    in_two.extend(hashes[size // 3 :])
    assert one_by_one.root() == at_once.root() == in_two.root() == mth(entries(size))
    assert one_by_one.nodes == at_once.nodes == in_two.nodes


@unhurried
@given(st.data(), sizes)
def test_a_frontier_goes_on_where_it_was_kept(data, size):
    at = data.draw(st.integers(0, size))
    first = Frontier()
    first.extend([leaf_hash(e) for e in entries(at)])
    rest = Frontier(first.size, first.nodes)
    rest.extend([leaf_hash(e) for e in entries(size)[at:]])
    assert rest.root() == mth(entries(size))
    assert first.root() == mth(entries(at))


@unhurried
@given(st.data(), sizes)
def test_inclusion_holds_for_the_leaf_its_place_and_the_root_and_for_nothing_else(data, size):
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(-1, size + 1).filter(lambda i: i != index))
    whole, root = tree(size), mth(entries(size))
    leaf, proof = leaf_hash(entries(size)[index]), whole.inclusion(index, size)
    assert includes(leaf, index, size, proof, root)
    assert not includes(leaf, other, size, proof, root)
    assert not includes(leaf_hash(b"forged"), index, size, proof, root)
    assert not includes(leaf, index, size, [*proof, root], root)
    assert not proof or not includes(leaf, index, size, proof[:-1], root)
    assert not proof or not includes(leaf, index, size, [proof[0][::-1], *proof[1:]], root)
    assert not includes(leaf, index, size, proof, leaf_hash(b"another root"))


@unhurried
@given(st.data(), sizes)
def test_consistency_holds_between_a_tree_and_its_beginning_and_for_nothing_else(data, size):
    old = data.draw(st.integers(0, size))
    old_root, root = mth(entries(old)), mth(entries(size))
    proof = tree(size).consistency(old, size)
    assert extends(old, old_root, size, root, proof)
    assert not extends(old, leaf_hash(b"x"), size, root, proof)
    assert not extends(old, old_root, size, leaf_hash(b"x"), proof) or old == 0
    assert not extends(old, old_root, size, root, [*proof, root])
    assert not proof or not extends(old, old_root, size, root, proof[:-1])
    assert not extends(size, root, old, old_root, proof) or old == size


@unhurried
@given(st.integers(-2, 40), st.integers(-2, 40), st.lists(st.binary(max_size=33), max_size=8))
def test_checking_never_raises_and_noise_proves_nothing(a, b, proof):
    root = leaf_hash(b"root")
    assert not includes(leaf_hash(b"leaf"), a, b, proof, root)
    assert not extends(a, leaf_hash(b"old"), b, root, proof)


def test_sizes_outside_the_tree_are_refused():
    whole = tree(3)
    for ask in (lambda: whole.root(4), lambda: whole.inclusion(3, 3), lambda: whole.consistency(3, 2)):
        with pytest.raises(ValueError):
            ask()
    with pytest.raises(ValueError):
        Frontier(3, [EMPTY_ROOT])
    with pytest.raises(ValueError):
        Frontier(1, [b"short"])

"""The mathematics and formats of a transparency log: Merkle tree, proofs, signed notes, tiles, record lines.

Pure: bytes in, bytes out. It opens no file, reads no clock and keeps no key beyond the value it is given.
"""

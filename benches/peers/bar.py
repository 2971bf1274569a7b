"""The line by which a peer's script tells `cargo xtask bars` what it measured; see benches/src/bar.rs."""


def tell(name, ours=None, peer=None, unit="s"):
    """Prints `bar NAME ours=.. peer=.. ratio=..`; a side that was not measured is left out."""
    sides = {"ours": ours, "peer": peer}
    words = [f"{side}={value:.6f}{unit}" for side, value in sides.items() if value is not None]
    if ours is not None and peer is not None:
        words.append(f"ratio={ours / peer:.3f}")
    print("bar", name, *words, flush=True)

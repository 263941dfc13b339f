from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import seesawnas as sn
from seesawnas.arch.blocks import Head
from seesawnas.errors import InvalidInput
from seesawnas.evaluation import open_model
from seesawnas.nn import is_trained
from seesawnas.nn.weights import load_weights
from seesawnas.report.network.build import write_bundle
from seesawnas.space import load_point


def test_a_saved_network_loads_as_it_was(tmp_path: Path) -> None:
    network = sn.build(sn.load("paper/seesaw_share").at_resolution(32)).eval()
    folder = sn.save_model(network, tmp_path / "a" / "model")
    again, image = sn.load_model(folder), torch.randn(2, 3, 32, 32)
    assert again.spec == network.spec
    assert torch.equal(again(image), network(image))
    assert open_model(folder).resolution == 32


def test_where_no_folder_can_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(InvalidInput, match=r"taken: must be a folder, got a file$"):
        sn.save_model(sn.build(sn.load("paper/seesaw_share")), tmp_path / "taken")


def test_random_weights_say_so_and_are_refused_unless_asked_for(tmp_path: Path) -> None:
    point = load_point("paper/mobilefacenet_m")
    write_bundle(point, tmp_path / "built", 0)
    trained = sn.save_model(sn.build(point.spec), tmp_path / "saved")
    random = sn.save_model(sn.build(point.spec), tmp_path / "random", trained=False)
    assert [is_trained(folder) for folder in (tmp_path / "built", trained, random)] == [
        False,
        True,
        False,
    ]
    for folder in (tmp_path / "built", random):
        with pytest.raises(InvalidInput, match="random") as refused:
            open_model(folder)
        assert "\n" not in str(refused.value)
        assert open_model(folder, untrained=True).height == 112
        with pytest.warns(UserWarning, match="random weights"):
            sn.load_model(folder)
        sn.load_model(folder, untrained=True)


@pytest.mark.parametrize(
    ("metadata", "with_model_json", "expected"),
    [
        # `build --out` of 0.1.
        (
            {"spec": "", "digest": "", "version": "0.1.0", "seed": "0"},
            False,
            False,
        ),
        # `train` of 0.1.
        (
            {"spec": "", "digest": "", "version": "0.1.0", "seed": "0", "recipe": "{}"},
            True,
            True,
        ),
        ({"spec": "", "digest": ""}, False, True),  # `save_model` of 0.1
        ({"trained": "false", "recipe": "{}"}, True, False),
        # `build` over what `train` left.
        (
            {"spec": "", "digest": "", "version": "0.1.0", "seed": "0"},
            True,
            False,
        ),
        (None, False, True),  # another tool's file
    ],
)
def test_weights_of_earlier_versions_are_told_apart(
    tmp_path: Path, metadata: dict[str, str] | None, with_model_json: bool, expected: bool
) -> None:
    save_file({"a": torch.zeros(1)}, tmp_path / "model.safetensors", metadata=metadata)
    if with_model_json:
        (tmp_path / "model.json").write_text("{}")
    assert is_trained(tmp_path) is expected


def test_weights_that_are_no_numbers_or_not_the_network_s_are_one_line(tmp_path: Path) -> None:
    network = sn.build(sn.load("paper/mobilefacenet_m").at_resolution(32))
    folder = sn.save_model(network, tmp_path)
    whole = {name: value.contiguous() for name, value in network.state_dict().items()}
    name = next(name for name, value in whole.items() if value.ndim == 4)
    spoilt = {
        "must be finite": torch.full_like(whole[name], torch.nan),
        "must be torch.float32": whole[name].to(torch.int32),
        "size mismatch": whole[name].reshape(*[1] * 100, -1),
    }
    for words, value in spoilt.items():
        save_file({**whole, name: value}, folder / "model.safetensors")
        with pytest.raises(InvalidInput, match=words) as caught:
            sn.load_model(folder)
        assert "\n" not in str(caught.value)
    save_file({"a": torch.zeros(1)}, folder / "model.safetensors")
    with pytest.raises(InvalidInput, match=r"has \d+ bytes for [\d,]+ params"):
        sn.load_model(folder)


_SPEC = sn.load("paper/seesaw_share").at_resolution(32)
_SHORTER = replace(_SPEC, head=Head(width=512, embedding=64))


@pytest.mark.parametrize("is_file", [False, True])
def test_weights_of_a_folder_or_its_file_are_put_into_the_same_network(
    is_file: bool, tmp_path: Path
) -> None:
    network, other = sn.build(_SPEC), sn.build(_SPEC)
    folder = sn.save_model(network, tmp_path / "model")
    load_weights(other, folder / "model.safetensors" if is_file else folder)
    assert all(
        torch.equal(one, two)
        for one, two in zip(network.state_dict().values(), other.state_dict().values(), strict=True)
    )


def test_weights_that_do_not_fit_are_one_line_that_names_what_differs(tmp_path: Path) -> None:
    folder = sn.save_model(sn.build(_SPEC), tmp_path / "model")
    for spec, told in (
        (
            _SPEC.at_resolution(48),
            "head.pool.weight must be 512x1x3x3, got 512x1x2x2; it is of 32x32 images, the network "
            "of 48x48",
        ),
        (_SHORTER, "head.embedding.linear.weight must be 64x512, got 512x512, and "),
        (
            sn.load("paper/seesaw_shuffle").at_resolution(32),
            "blocks.0.project.weights.0 must be 16x32x1x1, got 48x96x1x1, and ",
        ),
        (
            replace(_SPEC, input=replace(_SPEC.input, std=(1.0, 2.0, 3.0))),
            "another whose weights have the same shapes",
        ),
    ):
        network = sn.build(spec)
        before = [value.clone() for value in network.state_dict().values()]
        with pytest.raises(InvalidInput) as caught:
            load_weights(network, folder)
        assert told in str(caught.value)
        assert str(folder / "model.safetensors") in str(caught.value)
        assert "\n" not in str(caught.value)
        after = network.state_dict().values()
        assert all(torch.equal(one, two) for one, two in zip(before, after, strict=True))


def test_what_is_no_file_of_weights_is_one_line(tmp_path: Path) -> None:
    folder = sn.save_model(sn.build(_SPEC), tmp_path / "model")
    network = sn.build(_SPEC)
    torn = tmp_path / "torn.safetensors"
    torn.write_bytes((folder / "model.safetensors").read_bytes()[:-9])
    infinite = {name: value.clone().contiguous() for name, value in network.state_dict().items()}
    infinite["head.pool.weight"].fill_(torch.inf)
    save_file(infinite, tmp_path / "infinite.safetensors")
    for place, told in (
        (folder / "spec.yaml", "must be a trained network's folder or its model.safetensors"),
        (tmp_path / "nowhere.safetensors", "there is no such file"),
        (torn, "cannot be read"),
        (tmp_path / "infinite.safetensors", "must be finite"),
    ):
        with pytest.raises(InvalidInput, match=told) as caught:
            load_weights(network, place)
        assert "\n" not in str(caught.value)

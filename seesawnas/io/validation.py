"""What pydantic found wrong, in this project's words: the rule first, then the value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from pydantic import ValidationError

from seesawnas.text import MOST_LINES, nearest, one_line, short

_NAMES: dict[str, str] = {
    # recipes
    "learning_rate": "lr base_lr initial_lr max_lr eta rate",
    "weight_decay": "wd l2 decay_weight weight_decay_rate",
    "batch_size": "bs batch batchsize mini_batch minibatch minibatch_size samples_per_gpu",
    "momentum": "mom beta",
    "margin": "loss loss_fn criterion head_type margin_type margin_name head",
    "margin_size": "m margin_m margin_value m2",
    "scale": "s margin_scale temperature",
    "warm_up": "warmup warmup_epochs warm_up_epochs warmup_ratio warmup_steps",
    "label_smoothing": "smoothing label_smooth ls",
    "averaging": "ema ema_decay ema_momentum polyak",
    "decay": "scheduler schedule lr_scheduler lr_schedule lr_policy lr_decay",
    "decay_steps": "milestones steps lr_steps decay_epochs step_size",
    "decay_factor": "gamma lr_gamma lr_factor",
    "sample_rate": "pfc partial_fc",
    "flip": "mirror hflip horizontal_flip random_flip",
    "shift": "translate translation random_shift",
    "optimizer": "optimiser optim opt solver",
    "betas": "adam_betas opt_betas beta1 beta2",
    "crop": "random_crop crop_prob crop_augmentation_prob random_resized_crop",
    "downscale": "low_res low_resolution low_res_augmentation_prob resize",
    "jitter": "color_jitter colour_jitter photometric photometric_augmentation_prob brightness",
    "erase": "random_erasing random_erase erasing cutout",
    # studies
    "epochs": "epoch n_epochs num_epochs max_epochs nb_epochs e",
    "trials": "n_trials num_trials max_trials n",
    "time": "timeout max_time duration time_limit walltime",
    "patience": "early_stopping_patience",
    "budget": "madds max_madds flops max_flops macs max_macs limit limits constraint constraints",
    "data": "dataset data_path data_dir data_root faces train_data images",
    "resolution": "res size image_size img_size input_size input_resolution",
    "seed": "random_seed random_state rng manual_seed",
    "workers": "n_jobs num_workers n_workers jobs parallel concurrency",
    "study": "name study_name experiment run_name",
    "storage": "db database url",
    "space": "search_space",
    "objectives": "objective metric metrics goals goal",
    "sampler": "algorithm algo optimizer optimiser strategy searcher",
    "early_stopping": "pruner pruning early_stop halving asha",
    "cpus_per_trial": "cpus cpu num_cpus",
    "gpus_per_trial": "gpus gpu num_gpus",
    "engine": "backend executor runner",
    "repeats": "n_repeats num_repeats replicates",
    "about": "description comment note notes desc",
    "base": "network model arch architecture",
    "quality": "metric objective score",
    "seeds": "n_seeds num_seeds replicates repeats",
    # spaces
    "width": "channels out_channels output_channels outputs filters num_filters c w",
    "depth": "layers num_layers num_blocks repeats repeat d n",
    "stride": "strides s",
    "kernel": "k kernel_size kernels ksize",
    "activation": "act act_fn activation_fn act_layer nonlinearity",
    "expansion": "t expand expand_ratio expansion_ratio expansion_factor",
    "middle": "hidden mid mid_channels hidden_channels",
    "kind": "type op block block_type mixing",
    "split": "groups splits group ratio ratios",
    "se": "squeeze_excitation squeeze_and_excitation se_ratio attention squeeze reduction",
    "skip": "shortcut residual downsample identity",
    "embedding": "emb emb_size emb_dim embedding_size embedding_dim feature_dim features dim",
    "height": "h",
    "stages": "stage body layers",
    "stem": "conv1 first",
    "std": "standard_deviation",
}


def _turned(names: dict[str, str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for key, words in names.items():
        for word in words.split():
            found[word] = (*found.get(word, ()), key)
    return found


KEY_ALIASES = _turned(_NAMES)
"""From a word that people type to the keys that it may stand for, of which a place has at most a
few.
"""


Place: TypeAlias = tuple[int | str, ...]
Known: TypeAlias = Callable[[Place], Iterable[str]]


def faults_of(
    error: ValidationError, known: Known, passed_over: Callable[[Place], bool] = lambda place: False
) -> Iterator[tuple[Place, str]]:
    """Each fault's place and rule.

    ``known`` gives the keys that may stand at the place of an unknown one.

    A known key with a dot, such as ``recipe.learning_rate``, is one that stands further inside.
    Unknown keys at places that are ``passed_over`` are not listed: they follow from another fault.
    """
    found = error.errors(include_url=False)
    reported = [
        fault
        for fault in found
        if not (fault["type"] == "extra_forbidden" and passed_over(fault["loc"]))
    ]
    for number, fault in enumerate(reported):
        # Of tens of thousands nobody reads the hints.
        beside = known if number < MOST_LINES else _nothing
        yield tuple(part for part in fault["loc"] if part != "[key]"), _rule(fault, beside)


def lines_of(
    error: ValidationError, known: Known, passed_over: Callable[[Place], bool] = lambda place: False
) -> Iterator[str]:
    """Each fault as ``place: rule, got value``; see :func:`faults_of`."""
    for place, rule in faults_of(error, known, passed_over):
        path = path_of(place)
        yield one_line(f"{path}: {rule}" if path else rule)


def path_of(place: Place) -> str:
    """``stages.0.width``; a part of any length, as a file may hold it, is cut."""
    return ".".join(short(part) for part in place)


def _rule(fault: Any, known: Known) -> str:
    rule = _words(fault, known)
    if fault["input"] is not None:
        return rule
    return f"{rule.removesuffix(_NONE)}, got nothing" if rule.endswith(_NONE) else rule


_NONE = ", got None"
"""Of a key without a value: None is Python's word for it, which no file has."""


def _words(fault: Any, known: Known) -> str:
    value = short(fault["input"])
    match fault["type"]:
        case "value_error":
            return str(fault["ctx"]["error"])
        case "extra_forbidden":
            return f"is not a known key{_nearest(fault['loc'], known)}"
        case "invalid_key":
            return f"must be a string key, got {value}"
        case "missing":
            return "is required, got nothing"
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"must be a mapping, got {value}"
        case "list_type":
            return f"must be a list, got {value}"
        case "too_short":
            return "must have at least one entry, got none"
        case "too_long":
            return (
                f"must have at most {fault['ctx']['max_length']} entries, got {len(fault['input'])}"
            )
        case "greater_than_equal" | "less_than_equal":
            return f"{fault['msg'].replace('Input should', 'must')}, got {value}"
        case _:
            rule = fault["msg"].replace("Input should", "must").replace("String should", "must")
            return f"{rule}, got {value}"


def _nearest(place: Place, known: Known) -> str:
    names = {
        name.rpartition(".")[2]: name
        for name in sorted(known(place), key=lambda name: "." not in name)
    }
    near = nearest(str(place[-1]), names, KEY_ALIASES)
    return f"; did you mean {names[near]}?" if near else ""


def _nothing(_: Place) -> tuple[str, ...]:
    return ()

"""Options of `panodent train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Recipe = Annotated[
    str | None,
    typer.Option(
        show_default="finetune; default with --from scratch",
        help="finetune, default, refine, children or seed; `panodent recipes` explains them.",
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", help="TOML file with settings that replace those of the recipe."),
]
Repeat = Annotated[
    str,
    typer.Option(
        show_default="once",
        help="How often each folder's radiographs are used per epoch, such as 1,5 for two folders.",
    ),
]
RepeatMixed = Annotated[
    str,
    typer.Option(
        show_default="1; children 4",
        help="How often radiographs with deciduous teeth are used per epoch at least: one number, "
        "or one for each folder, such as 4,4,1.",
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option(
        show_default="finetune 20, default 61, refine 100, children 30, seed 10",
        help="Number of epochs; stages keep their proportions. With --resume: the new total, "
        "which makes a finished run longer.",
    ),
]
BatchSize = Annotated[
    int | None, typer.Option(show_default="4", help="Radiographs per training step.")
]
LearningRate = Annotated[
    float | None,
    typer.Option(
        show_default="finetune 0.0005, default 0.003, refine 0.002, children 0.0015, seed 0.001",
        help="Highest learning rate.",
    ),
]
Size = Annotated[
    str | None,
    typer.Option(
        show_default="256x512; seed 512x512",
        help="Input size of the network, HEIGHTxWIDTH in pixels, such as 256x512.",
    ),
]
Validation = Annotated[
    float | None,
    typer.Option(
        "--val",
        show_default="0.15",
        help="Share of radiographs held out for validation; 0: train on all.",
    ),
]
Fold = Annotated[
    str | None, typer.Option(help="Hold out fold K of N instead, as K/N, such as 1/5.")
]
Folds = Annotated[
    int | None,
    typer.Option(
        min=2,
        help="Cross-validate with this many folds: train a run for each, in OUTPUT/fold-1 and so "
        "on, and score them together.",
    ),
]
Patience = Annotated[
    int | None,
    typer.Option(
        min=0,
        show_default="0",
        help="Stop when the validation Dice has not improved for this many epochs; 0: never.",
    ),
]
KeepEpochs = Annotated[
    bool,
    typer.Option(
        "--keep-epochs",
        help="Keep the weights of every epoch, not only of the best and the last.",
    ),
]
SplitSeed = Annotated[
    int | None,
    typer.Option(show_default="0", help="Random seed of the choice of held-out radiographs."),
]
Seed = Annotated[
    int | None, typer.Option(show_default="0", help="Random seed of initial weights and batches.")
]
Start = Annotated[
    str | None,
    typer.Option(
        "--from",
        show_default="default; scratch for the recipes default and seed",
        help="Start from the weights of this bundle (a trained model) or run; 'default' is the "
        "included bundle, 'scratch' means random weights.",
    ),
]
Teachers = Annotated[
    list[str] | None,
    typer.Option(
        "--teacher",
        help="Also learn from the predictions of this bundle or run, such as a larger network "
        "(distillation); may be repeated.",
    ),
]
Freeze = Annotated[
    str | None,
    typer.Option(
        help="Layers that are not trained: 'encoder', or a number, counted from the input."
    ),
]
Classes = Annotated[
    str | None,
    typer.Option(
        show_default="those of --from; 32 from scratch",
        help="Tooth classes: FDI numbers such as 11,12,13, 'permanent' (32) or 'all' (52).",
    ),
]
Track = Annotated[
    list[str] | None,
    typer.Option(
        show_default="tensorboard",
        help="Also record epochs and scores with mlflow or wandb, in the run's folder; may be "
        "repeated.",
    ),
]
Prepare = Annotated[
    bool,
    typer.Option(
        "--prepare",
        help="Check and split the data and write the run or the folds, but do not train them yet; "
        "--resume or `panodent folds --train` trains them later.",
    ),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Continue the run in --output with its own data and settings. Only --epochs and "
        "--patience may be changed.",
    ),
]
Devices = Annotated[
    str | None,
    typer.Option(
        show_default="1; all with --processes",
        help="Devices to train on together: how many, such as 2, or 'all', or their numbers, such "
        "as 0,2. They share each batch of --batch-size. Needs JAX.",
    ),
]
Processes = Annotated[
    int,
    typer.Option(
        min=1,
        envvar="KERAS_DISTRIBUTION_NUM_PROCESSES",
        help="Number of processes that train together, for example one on each machine.",
    ),
]
ProcessId = Annotated[
    int,
    typer.Option(
        min=0,
        envvar="KERAS_DISTRIBUTION_PROCESS_ID",
        help="Number of this process, from 0 to --processes minus 1; process 0 writes the run.",
    ),
]
Coordinator = Annotated[
    str,
    typer.Option(
        envvar="KERAS_DISTRIBUTION_JOB_ADDRESSES",
        help="HOST:PORT at which process 0 waits for the others.",
    ),
]

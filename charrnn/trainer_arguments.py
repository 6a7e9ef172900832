"""Arguments of Lightning's Trainer that are no keys here: what to type instead, or why there is nothing to type."""

OWN_TRAINER = "use a Trainer of your own, as docs/frameworks.md shows"
ON_EVERY_EPOCH = "all of it is read at the end of every epoch; give trainer.limit_blocks=… for shorter epochs"
REPEATS = "every run repeats bit for bit as it is; leave it out"
INSTEAD = {
    "max_steps": "give trainer.max_epochs=…",
    "max_time": "give callbacks=timer callbacks.timer.duration=00:01:00:00",
    "min_epochs": "give trainer.patience=…, or null to train all epochs",
    "min_steps": "give trainer.patience=…, or null to train all epochs",
    "fast_dev_run": "give trainer=smoke",
    "limit_train_batches": "give trainer.limit_blocks=…, blocks of ten windows",
    "overfit_batches": "give trainer.limit_blocks=1 trainer.patience=null",
    "limit_val_batches": ON_EVERY_EPOCH,
    "limit_test_batches": "all of it is read once, when the run is done; leave it out",
    "limit_predict_batches": OWN_TRAINER,
    "val_check_interval": ON_EVERY_EPOCH,
    "check_val_every_n_epoch": ON_EVERY_EPOCH,
    "num_sanity_val_steps": "give trainer=smoke to see whether everything runs",
    "log_every_n_steps": "every block of ten steps is logged; leave it out",
    "enable_checkpointing": "a run resumes from its checkpoints, so they stay on; leave it out",
    "enable_progress_bar": "a bar shows on a terminal alone; send stderr to a file to be without",
    "enable_model_summary": "give +callbacks.summary=pytorch_lightning.callbacks.ModelSummary",
    "accumulate_grad_batches": "give data.batch_size=…, a larger one",
    "gradient_clip_val": "give optim.gradient_clip=…",
    "gradient_clip_algorithm": "the norm is what is clipped, at optim.gradient_clip=…; leave it out",
    "default_root_dir": "give runs_dir=…",
    "num_nodes": "all processes of a run are on one machine; give trainer.devices=…",
    "deterministic": REPEATS,
    "benchmark": REPEATS,
    "logger": "give logger=…, a group of its own",
    "callbacks": "give callbacks=…, a group of its own",
    **dict.fromkeys(
        (
            *("barebones", "detect_anomaly", "enable_autolog_hparams", "inference_mode", "model_registry", "plugins"),
            *("profiler", "reload_dataloaders_every_n_epochs", "sync_batchnorm", "use_distributed_sampler"),
        ),
        OWN_TRAINER,
    ),
}

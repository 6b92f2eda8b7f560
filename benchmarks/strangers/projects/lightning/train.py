import logging

import hydra
import lightning as L
import torch
from hydra.core.hydra_config import HydraConfig
from lightning.pytorch.loggers import CSVLogger
from omegaconf import DictConfig
from torch.utils.data import DataLoader, TensorDataset

log = logging.getLogger(__name__)


class Regressor(L.LightningModule):
    def __init__(self, width: int, lr: float):
        super().__init__()
        self.save_hyperparameters()
        self.net = torch.nn.Sequential(torch.nn.Linear(4, width), torch.nn.Tanh(), torch.nn.Linear(width, 1))

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = torch.nn.functional.mse_loss(self.net(x), y)
        self.log("train_loss", loss, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch, batch_idx):
        x, y = batch
        self.log("val_loss", torch.nn.functional.mse_loss(self.net(x), y), prog_bar=True)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.hparams.lr)


def loaders(rows: int, batch_size: int):
    x = torch.randn(rows, 4)
    y = x[:, :1] * 2 - x[:, 1:2] ** 2 + 0.1 * torch.randn(rows, 1)
    split = int(0.8 * rows)
    train, val = TensorDataset(x[:split], y[:split]), TensorDataset(x[split:], y[split:])
    return DataLoader(train, batch_size, shuffle=True), DataLoader(val, rows)


@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(cfg: DictConfig) -> None:
    L.seed_everything(cfg.seed)
    out = HydraConfig.get().runtime.output_dir
    log.info("writing to %s", out)
    trainer = L.Trainer(
        max_epochs=cfg.trainer.max_epochs, accelerator="cpu", logger=CSVLogger(out), default_root_dir=out
    )
    trainer.fit(Regressor(**cfg.model), *loaders(**cfg.data))


if __name__ == "__main__":
    main()

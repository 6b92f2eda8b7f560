"""A neural network trained for 5,000 epochs; three of them, so that the results carry their uncertainty."""

import csv
import os
from pathlib import Path

import torch
import watchkeeper_probe

QUICK = os.environ.get("WATCHKEEPER_PHASE", "quick") == "quick"
FRACTION = float(os.environ.get("WATCHKEEPER_DATA_FRACTION", "1"))
RESULTS = Path(os.environ.get("WATCHKEEPER_RESULTS", "results.csv"))
MODEL = Path(os.environ.get("WATCHKEEPER_FINAL_MODEL", "model.pt")).with_suffix(".pt")
CHECKPOINT = Path(os.environ.get("WATCHKEEPER_CHECKPOINT_DIR", ".")) / "last.pt"

EPOCHS = 500 if QUICK else 5000
MEMBERS = 3
LEARNING_RATE = 0.01
torch.set_num_threads(1)  # the network is small: threads would wait for one another


def data(count):
    """Return noisy values of a smooth function of two features."""
    torch.manual_seed(0)
    features = torch.rand(count, 2) * 4 - 2
    target = torch.sin(features[:, :1]) * features[:, 1:] + 0.1 * torch.randn(count, 1)
    return features, target


def train(member, features, target, held_out, held_target):
    """Return one network of the ensemble, trained over all epochs."""
    torch.manual_seed(member)
    network = torch.nn.Sequential(torch.nn.Linear(2, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1))
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    for epoch in range(EPOCHS):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(network(features), target)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(network.parameters(), max_norm=10.0)
        optimizer.step()
        if epoch % 50 == 0:
            with torch.no_grad():
                held = torch.nn.functional.mse_loss(network(held_out), held_target)
            watchkeeper_probe.log(
                epoch=member * EPOCHS + epoch,
                train_loss=loss.item(),
                val_loss=held.item(),
                grad_norm=norm.item(),
            )
    torch.save({"network": network.state_dict(), "optimizer": optimizer.state_dict(), "member": member}, CHECKPOINT)
    return network


def main():
    features, target = data(int(400 * FRACTION))
    held_out, held_target = data(200)
    networks = [train(member, features, target, held_out, held_target) for member in range(MEMBERS)]
    with torch.no_grad():
        predicted = torch.stack([network(held_out) for network in networks])
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    with open(RESULTS, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "mean", "spread"])
        for row in range(len(held_out)):
            writer.writerow([row, predicted[:, row].mean().item(), predicted[:, row].std().item()])
    print(f"rmse: {(predicted.mean(0) - held_target).pow(2).mean().sqrt().item():.4f}", flush=True)
    if not QUICK:
        MODEL.parent.mkdir(parents=True, exist_ok=True)
        torch.save([network.state_dict() for network in networks], MODEL)


if __name__ == "__main__":
    main()

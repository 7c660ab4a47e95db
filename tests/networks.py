"""Small torch networks, trained in a second on scikit-learn's digits."""

from __future__ import annotations

import copy

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

DECAY = 1e-3


def digits(classes, n, noise=0.0):
    """X (n, 1, 8, 8) and labels 0, 1, ... of these digits, then as many others to ask about."""
    X, y = load_digits(return_X_y=True)
    chosen = np.isin(y, classes)
    X, y = X[chosen] / 16, np.searchsorted(classes, y[chosen])
    X += noise * np.random.default_rng(0).normal(size=X.shape)
    X, y = torch.tensor(X, dtype=torch.float32).reshape(-1, 1, 8, 8), torch.tensor(y)
    return X[:n], y[:n], X[n:], y[n:]


def conv_net(outputs, seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, 6, 3),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(54, 12),
        nn.ReLU(),
        nn.Dropout(0.1),
        nn.Linear(12, outputs),
    )


def mlp(outputs, width=12, seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.Tanh(), nn.Linear(width, outputs))


def trained(module, X, y, epochs, seed=0, decay=DECAY):
    """A copy, trained further as most people do it: SGD with momentum on shuffled batches."""
    module = copy.deepcopy(module).train()
    torch.manual_seed(seed)
    optimiser = torch.optim.SGD(module.parameters(), lr=0.05, momentum=0.9, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    for _ in range(epochs):
        for batch in torch.randperm(len(X)).split(32):
            optimiser.zero_grad()
            logits = module(X[batch])
            if logits.shape[1] == 1:
                loss = nn.functional.binary_cross_entropy_with_logits(logits[:, 0], y[batch] * 1.0)
            else:
                loss = nn.functional.cross_entropy(logits, y[batch])
            loss.backward()
            optimiser.step()
        schedule.step()
    return module.eval()


def unsure(study, X, most=0.8):
    """Positions of rows that are decided with little confidence, nearest 50 % first."""
    confidence = []
    for x in X:
        try:
            confidence.append(study.claim(x).confidence)
        except ValueError:  # the layer as trained decides otherwise than its optimum
            confidence.append(1.0)
    return [int(i) for i in np.argsort(confidence) if confidence[i] < most]

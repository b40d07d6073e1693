"""A linear VAE, trained: it ends at the maximum likelihood of probabilistic PCA.

Reference: Tipping & Bishop 1999; Lucas et al. 2019 (Don't blame the ELBO), which shows that there is no other maximum.
"""

import numpy as np
import torch
from genlab_vae.gaussian import Gaussian
from linear_gaussian_vae import LinearGaussian, exact_ledger
from sklearn.decomposition import PCA
from torch import Tensor


def maximum_likelihood(x: np.ndarray, num_components: int) -> PCA:
    """Return scikit-learn's probabilistic PCA, its variances divided by N as maximum likelihood has them, not N - 1."""
    pca = PCA(num_components).fit(x)
    pca.explained_variance_ *= (len(x) - 1) / len(x)
    pca.noise_variance_ *= (len(x) - 1) / len(x)
    return pca


def test_training_ends_at_the_principal_components_and_their_likelihood() -> None:
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.normal(size=(300, 5)) @ rng.normal(size=(5, 5)) + rng.normal(size=5))
    model, family = LinearGaussian.random(0, num_dims=5, latent_dim=2).build(len(x))
    assert isinstance(model.likelihood, Gaussian)
    model.likelihood.log_scale.requires_grad_(True)
    optimizer = torch.optim.LBFGS(
        [*model.parameters(), *family.parameters()],
        max_iter=3000,
        history_size=40,
        tolerance_grad=1e-9,
        tolerance_change=1e-15,
        line_search_fn="strong_wolfe",
    )

    def objective() -> Tensor:
        optimizer.zero_grad()
        value = exact_ledger(model, family, x).objective(len(x))
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(objective)
    pca, bound = maximum_likelihood(x.numpy(), 2), exact_ledger(model, family, x).detach().per_example()
    np.testing.assert_allclose(bound.mean(), pca.score(x.numpy()), rtol=1e-8)
    np.testing.assert_allclose(bound, pca.score_samples(x.numpy()), atol=1e-3)  # no gap, for any observation
    weight, var = model.decoder.weight.detach(), model.likelihood.log_scale.detach().mul(2).exp()
    np.testing.assert_allclose(weight @ weight.T + var * torch.eye(5), pca.get_covariance(), atol=1e-3)
    products = weight.T @ weight
    assert abs(float(products[0, 1])) < 1e-3 * float(products.diagonal().min())

"""Secrets of many shapes are masked wherever they stand; numbers, digests, names and paths never are.

The secrets are made up here, piece by piece, so that no scanner takes this file for a leak.
"""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.vocabulary import masking
from watchkeeper.server.vocabulary.masking import mask_secrets

ALNUM = string.ascii_letters + string.digits
LOWER = string.ascii_lowercase + string.digits
HEX = "0123456789abcdef"
BASE64 = ALNUM + "+/"


def made(characters: str, count: int, seed: int = 7) -> str:
    """Return a made-up secret: the same each time, with a digit, and letters of both cases where there are any."""
    chosen = random.Random(f"{seed}{characters}{count}")
    text = "".join(chosen.choice(characters) for _ in range(count - 3))
    return text + "".join(one if one in characters else characters[0] for one in "a7Q")


PEM = "PRIVATE KEY-----"
SHAPES: dict[str, tuple[str, str]] = {
    # name: (text before it, the secret)
    "openai": ("", "sk-" + made(ALNUM, 48)),
    "openai project": ("key ", "sk-proj-" + made(ALNUM + "_-", 100)),
    "openai service account": ("", "sk-svcacct-" + made(ALNUM, 60)),
    "anthropic": ("", "sk-ant-api03-" + made(ALNUM + "_-", 95)),
    "openrouter": ("", "sk-or-v1-" + made(HEX, 64)),
    "github classic": ("", "ghp_" + made(ALNUM, 36)),
    "github oauth": ("", "gho_" + made(ALNUM, 36)),
    "github user": ("", "ghu_" + made(ALNUM, 36)),
    "github server": ("", "ghs_" + made(ALNUM, 36)),
    "github refresh": ("", "ghr_" + made(ALNUM, 36)),
    "github fine-grained": ("", "github_pat_" + made(ALNUM, 22) + "_" + made(ALNUM, 59)),
    "github in a clone address": ("https://x-access-token:", "ghs_" + made(ALNUM, 36)),
    "glued to an option": ("mysql -h db -u trainer -p", made(ALNUM, 14)),
    "option of sshpass": ("sshpass -p ", made(ALNUM, 14)),
    "option of sshpass behind another": ("sshpass -v -P phrase -p ", made(ALNUM, 14)),
    "glued to an option of a dump": ("mariadb-dump -h db -P 33060 -u trainer -p", made(ALNUM, 14)),
    "quoted behind an option": ("mysql -u trainer -p'two words ", made(ALNUM, 14)),
    "gitlab personal": ("", "glpat-" + made(ALNUM, 20)),
    "gitlab deploy": ("", "gldt-" + made(ALNUM, 20)),
    "gitlab runner": ("", "glrt-" + made(ALNUM, 20)),
    "gitlab ci": ("", "glcbt-64_" + made(ALNUM, 20)),
    "hugging face": ("", "hf_" + made(string.ascii_letters, 34)),
    "hugging face organisation": ("", "api_org_" + made(string.ascii_letters, 34)),
    "slack bot": ("", "xoxb-" + "123456789012-" + made(ALNUM, 24)),
    "slack user": ("", "xoxp-" + "123456789012-" + made(ALNUM, 32)),
    "slack app": ("", "xapp-1-A0123-" + made(LOWER, 40)),
    "slack hook": ("https://hooks.slack.com/services/", "T01234567/B01234567/" + made(ALNUM, 24)),
    "discord hook": ("https://discord.com/api/webhooks/", "123456789012345678/" + made(ALNUM, 60)),
    "discord bot": ("", "M" + made(ALNUM, 23) + "." + made(ALNUM, 6) + "." + made(ALNUM, 27)),
    "telegram bot": ("", "123456789:AA" + made(ALNUM, 33)),
    "aws key id": ("", "AKIA" + made(string.ascii_uppercase, 13) + "7Q2"),
    "aws temporary key id": ("", "ASIA" + made(string.ascii_uppercase, 13) + "7Q2"),
    "aws secret": ("AWS_SECRET_ACCESS_KEY=", made(BASE64, 40)),
    "aws secret in a credentials file": ("aws_secret_access_key = ", made(BASE64, 40)),
    "aws session token": ("aws_session_token=", made(BASE64, 120)),
    "google api key": ("", "AIza" + made(ALNUM, 35)),
    "google access token": ("", "ya29." + made(ALNUM, 60)),
    "google client secret": ("", "GOCSPX-" + made(ALNUM, 28)),
    "google refresh token": ("", "1//0" + made(ALNUM, 60)),
    "service account": ('"private_key": "', f"-----BEGIN {PEM}\\nMIIE{made(BASE64, 60)}\\n-----END {PEM}"),
    "stripe live": ("", "sk_live_" + made(ALNUM, 24)),
    "stripe restricted": ("", "rk_live_" + made(ALNUM, 24)),
    "stripe test": ("", "sk_test_" + made(ALNUM, 24)),
    "stripe hook": ("", "whsec_" + made(ALNUM, 32)),
    "twilio": ("", "SK" + made(HEX, 32)),
    "sendgrid": ("", "SG." + made(ALNUM, 22) + "." + made(ALNUM, 43)),
    "mailchimp": ("", made(HEX, 32) + "-us12"),
    "mailgun": ("", "key-" + made(HEX, 32)),
    "npm": ("", "npm_" + made(ALNUM, 36)),
    "npm in .npmrc": ("//registry.example.org/:_authToken=", made(HEX, 36)),
    "pypi": ("", "pypi-AgEIcHlwaS5vcmc" + made(ALNUM, 70)),
    "json web token": ("", f"eyJ{made(ALNUM, 20)}.eyJ{made(ALNUM, 40)}.{made(ALNUM, 43)}"),
    "rsa key": ("", f"-----BEGIN RSA {PEM}\n{made(BASE64, 64)}\n-----END RSA {PEM}"),
    "ssh key": ("", f"-----BEGIN OPENSSH {PEM}\n{made(BASE64, 64)}\n-----END OPENSSH {PEM}"),
    "pgp key": ("", f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n{made(BASE64, 64)}\n-----END PGP PRIVATE KEY BLOCK-----"),
    "password in an address": ("postgresql://train:", "hunter2"),
    "password without a user": ("redis://:", "s3cr3t-Pa55"),
    "mongo": ("mongodb+srv://admin:", "p4ss!word%21"),
    "bearer": ("Authorization: Bearer ", made(ALNUM, 40)),
    "basic": ("Authorization: Basic ", made(ALNUM, 30) + "=="),
    "token header": ("Authorization: Token ", made(HEX, 40)),
    "api key header": ("X-API-Key: ", made(ALNUM, 32)),
    "cookie": ("Cookie: ", "session=" + made(ALNUM, 32)),
    "azure storage": ("AccountName=a;AccountKey=", made(BASE64, 86) + "=="),
    "azure signature": ("https://a.blob.core.windows.net/c?sv=2021&sig=", made(ALNUM, 43) + "%3D"),
    "azure client secret": ("", made(ALNUM, 3) + "8Q~" + made(ALNUM, 34)),
    "databricks": ("", "dapi" + made(HEX, 32)),
    "digitalocean": ("", "dop_v1_" + made(HEX, 64)),
    "heroku": ("", "HRKU-AA" + made(ALNUM, 58)),
    "shopify": ("", "shpat_" + made(HEX, 32)),
    "linear": ("", "lin_api_" + made(ALNUM, 40)),
    "notion": ("", "ntn_" + made(ALNUM, 46)),
    "postman": ("", f"PMAK-{made(HEX, 24)}-{made(HEX, 34)}"),
    "grafana": ("", "glsa_" + made(ALNUM, 32) + "_" + made(HEX, 8)),
    "vault": ("", "hvs." + made(ALNUM, 90)),
    "terraform": ("", made(ALNUM, 14) + ".atlasv1." + made(ALNUM, 60)),
    "doppler": ("", "dp.pt." + made(ALNUM, 43)),
    "replicate": ("", "r8_" + made(ALNUM, 37)),
    "groq": ("", "gsk_" + made(ALNUM, 52)),
    "perplexity": ("", "pplx-" + made(ALNUM, 48)),
    "xai": ("", "xai-" + made(ALNUM, 80)),
    "nvidia": ("", "nvapi-" + made(ALNUM, 64)),
    "wandb": ("WANDB_API_KEY=", made(HEX, 40)),
    "wandb login": ("wandb login ", made(HEX, 40)),
    "wandb login again": ("wandb login --relogin ", made(HEX, 40)),
    "neptune": ("NEPTUNE_API_TOKEN=", "eyJ" + made(ALNUM, 120) + "=="),
    "comet": ("comet_api_key: ", made(ALNUM, 25)),
    "kaggle": ('{"username":"me","key":"', made(HEX, 32)),
    "docker token": ("", "dckr_pat_" + made(ALNUM, 27)),
    "docker login": ('"auth": "', made(ALNUM, 40) + "=="),
    "new relic": ("", "NRAK-" + made(string.ascii_uppercase, 24) + "7Q2"),
    "datadog": ("DD_API_KEY=", made(HEX, 32)),
    "sentry": ("https://", made(HEX, 32)),
    "okta": ("Authorization: SSWS ", "00" + made(ALNUM, 40)),
    "airtable": ("", "pat" + made(ALNUM, 14) + "." + made(HEX, 64)),
    "artifactory": ("", "AKCp" + made(ALNUM, 69)),
    "supabase": ("", "sbp_" + made(HEX, 40)),
    "planetscale": ("", "pscale_tkn_" + made(ALNUM, 43)),
    "pulumi": ("", "pul-" + made(HEX, 40)),
    "atlassian": ("", "ATATT3x" + made(ALNUM, 180)),
    "tailscale": ("", "tskey-auth-" + made(ALNUM, 30)),
    "age": ("", "AGE-SECRET-KEY-1" + made(string.ascii_uppercase, 58)),
    "password": ("password=", "hunter2"),
    "password in yaml": ("db_password: ", "correct-horse"),
    "password in json": ('{"smtp_password": "', "Tr0ub4dor&3"),
    "password in the environment": ("PGPASSWORD=", "hunter2"),
    "passphrase": ("passphrase: ", "opensesame"),
    "short name": ("MYSQL_PWD=", "hunter2"),
    "pass": ("DB_PASS=", "hunter2"),
    "netrc": ("machine api.wandb.ai login user password ", made(HEX, 40)),
    "option with a blank": ("train.py --api-key ", made(ALNUM, 24)),
    "password as an option": ("train.py --password ", "hunter2"),
    "option with a sign": ("train.py --hub_token=", made(ALNUM, 36)),
    "query": ("https://api.example.org/v1?user=a&access_token=", made(ALNUM, 32)),
    "client secret": ("client_secret=", made(ALNUM, 24)),
    "secret in yaml": ("secret: ", made(ALNUM, 20)),
    "python": ("os.environ['OPENAI_API_KEY'] = '", made(ALNUM, 32)),
    "dictionary": ("{'api_key': '", made(ALNUM, 20)),
    "short key": ("API_KEY=", "a1b2c3d4e5"),
}
BEHIND = {
    "quoted behind an option": "' db",
    "sentry": "@o123.ingest.sentry.io/42",
    "github in a clone address": "@github.com/a/b",
    **dict.fromkeys(("password in an address", "password without a user", "mongo"), "@db.example.org/x"),
}


def test_there_are_many_shapes() -> None:
    assert len(SHAPES) >= 110


@pytest.mark.parametrize("name", SHAPES)
def test_a_secret_is_masked_wherever_it_stands(name: str) -> None:
    before, secret = SHAPES[name]
    for around in ("{}", "2026-01-25 14:30 INFO before {} behind", '  "line": "{}",', "({})"):
        masked = mask_secrets(around.replace("{}", f"{before}{secret}{BEHIND.get(name, '')}"))
        assert secret not in masked
        assert "[secret]" in masked
        assert not any(secret[at : at + 12] in masked for at in range(8, len(secret) - 12)), (
            "no long part of it is left"
        )
        assert mask_secrets(masked) == masked


KEPT = [
    "Epoch 5/100 - loss: 2.5123456789012345 val_loss: 2.8 grad_norm: 45.2",
    "epoch=5 train_loss=0.12345678901234567 val_loss=1.2345678901234567e-05",
    "token_loss: 2.345678901234567, token_accuracy=0.98765432109876543",
    "tokens/s: 123456.78901234, tokens_per_second=123456.789012345, n_tokens=123456789012345678",
    "eos_token_id=50256, pad_token='<pad>', bos_token: [BOS], unk_token=<unk>",
    "max_tokens=4096000000, total_tokens: 1234567890123456789",
    "key=0.12345678901234567, secret=3.14159265358979323846",
    "api_key=None, token=None, use_auth_token=True, password=None",
    "password: ********, api_key=<your key here>, token=${HF_TOKEN}",
    "token = os.environ['HF_TOKEN']",
    "R-hat: 1.0123456789012345, ess_bulk=1234.567890123456",
    "seed=1234567890123456789, step 12345678901234567890",
    "mysql -h db -P33060 -u trainer -p trainings",
    "sshpass -P passphrase -f file ssh -p 22022 node7",
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
    "git_sha=9fceb02d0ae598e95dc970b74767f19372d61af8",
    "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "sha256=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "--hash=sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "cache_key=9f86d081884c7d659a2feaa0c55ad015",
    "md5: d41d8cd98f00b204e9800998ecf8427e  model.pt",
    "checksum d41d8cd98f00b204e9800998ecf8427e, fingerprint: 9f86d081884c7d659a2feaa0c55ad015",
    "digest: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "digest 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "run id 3fa85f64-5717-4562-b3fc-2c963f66afa6",
    "GPU-3fa85f64-5717-4562-b3fc-2c963f66afa6 is free",
    "wandb: Run data is saved locally in wandb/run-20260125_143012-3x8f9k2a",
    "wandb: View run at https://wandb.ai/me/project/runs/3x8f9k2a",
    "mlflow run_id=0123456789abcdef0123456789abcdef",
    "checkpoint saved to output/checkpoints/model-0123456789abcdef.pt",
    "KeyError: 'validation_loss_epoch_10_of_200'",
    "key=validation_loss_minimum, sort_key: best_model_checkpoint_v2",
    "keys: ['a1', 'b2'], keyword_args=12345678",
    "missing key(s) in state_dict: layer.0.attention.self.query.weight",
    "monkey = sorted(values), turkey=12345678abcd",
    "compass=12345678, passes=123456789, passed=1234567, bypass: true",
    "pass: 3/10, pass=12, passed in 12.34s",
    "PWD=/home/user/project, OLDPWD=/tmp/some/where",
    "ssh_key=/home/user/.ssh/id_ed25519",
    "key=output/implementation/data/results_1.csv",
    "author=somebody, authority: 12345678, auth=False",
    "signal=123456, sigma=0.1234567890123456, design=abcdef123456",
    "sk-learn-contrib-imbalanced-datasets-v2 was installed",
    "task-0123456789abcdef0123 risk-adjusted-return",
    "hf_transformers_checkpoint_directory is empty",
    "hf_hub_download(repo_id='bert-base-uncased')",
    "tokenizer = AutoTokenizer.from_pretrained('bert-base-uncased')",
    "Network_configuration_mod.module.self_attention_output_dense_w",
    "a bearer of bad news was internationalisation",
    "basic configuration_of_the_model_version2",
    "Authorization: none",
    "https://example.org:8080/path@2",
    "torch==2.5.1+cu121, conda build py311h1234567_0",
    "ValueError: could not convert string to float: '12a4b6c8d0e2f4a6'",
    "shape=(128, 1024), dtype=float32, numel=134217728",
    "[rank0]: NCCL WARN Call to connect returned Connection refused",
    "0x7f3c2b1a09f8 at 0xffffffffdeadbeef",
    "1-quick-1:L7, cursor='8N10J', report 1-r1, verdict 1-full-1-v2",
    "1.234567890123456e-08 -9.876543210987654e+12 nan inf -inf",
    "iter 100: lm loss 2.345678E+00 | grad norm: 1.234567890 | tokens per second: 98765.4321",
    "AUC 0.9876543210, SKEW 1.2345678901234567, ACC=0.98765432109876",
    "secretary_problem_solution_v2 = 12",
    "password required; wrong password; the password is not set",
    "access to the private key file was refused",
]


@pytest.mark.parametrize("text", KEPT)
def test_metrics_digests_names_and_words_are_never_masked(text: str) -> None:
    assert mask_secrets(text) == text


def test_a_metric_is_kept_whatever_it_is_called() -> None:
    chosen = random.Random(7)
    names = (
        "loss",
        "val_loss",
        "token_acc",
        "key_metric",
        "pass_rate",
        "auth_loss",
        "secret_share",
        "sig",
        "R-hat",
        "key",
    )
    for _ in range(2_000):
        value = chosen.choice(
            (f"{chosen.uniform(-1e6, 1e6)!r}", f"{chosen.lognormvariate(0, 30):.17g}", str(chosen.getrandbits(62)))
        )
        text = f"{chosen.choice(names)}{chosen.choice(('=', ': ', ' = '))}{value}"
        assert mask_secrets(text) == text


_PARTS = (
    *("ghp_", "xoxb-", "abcDEF123456789012", "0123456789abcdef0123456789abcdef", "AKIAABCDEFGHIJKLMNOP", "sk-", "hf_"),
    *("api_key", "=", ": ", "'", "token ", "Bearer ", "password", "--secret-key ", "passwd=hunter22", "sig", "-"),
    *(
        "https://user:",
        "@host",
        "[secret]",
        "x-api-key: ",
        "Cookie: ",
        "wandb login ",
        " ",
        "\n",
        "\u017fecret",
        "to\u212aen",
    ),
)


def _always(_text: str, _folded: str) -> bool:
    return True


@given(st.lists(st.sampled_from(_PARTS), max_size=9).map("".join))
def test_a_rule_that_is_not_looked_at_would_have_found_nothing(text: str) -> None:
    every = tuple((_always, rule) for _, rule in masking.RULES)
    with pytest.MonkeyPatch.context() as patch:
        seen = mask_secrets(text)
        patch.setattr(masking, "RULES", every)
        assert seen == mask_secrets(text)

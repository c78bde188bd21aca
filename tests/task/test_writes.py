"""What is found: each body with the arguments it may write, and a check that what changed was found."""

import pytest

from tests.task import writes_callees as callees
from tests.task import writes_harness as harness
from tests.task.random_bodies import random_body

# Body -> the arguments that must be found, exactly.
EXACT = {
    # stores through an argument
    "A[0, 0] = x": "A",
    "A[n] = B[n]": "A",
    "A[:, 0] -= x": "A",
    "A += B": "A",
    "A[n, n] += B[n, n]": "A",
    "A[...] = B": "A",
    "A[B > 3] = x": "A",
    "A[I] = B": "A",
    "A.flat[3] = x": "A",
    "R[0].x = x": "R",
    "R[n]['n'] = n": "R",
    "R['x'][0] = x": "R",
    "R.x[:] = x": "R",
    "r.x = x": "r",
    "r.v[1] = x": "r",
    "R[0] = R[1]": "R",
    "T[0][1] = x": "T",
    "L[0] = x": "L",
    "L.append(x)": "L",
    "D[n] = x": "D",
    "Z.real[0] = x": "Z",
    "A[0] += V\nB[n] = C[0]": "A B",
    # through views and other names of it
    "P = A\nP[0] = x": "A",
    "A.T[0, 1] = x": "A",
    "A.ravel()[2] = x": "A",
    "A.reshape(2, 8).transpose()[0, 1] = x": "A",
    "V.view(np.int64)[0] = n": "V",
    "np.asarray(A)[0] = x": "A",
    "np.ascontiguousarray(A)[0] = x": "A",
    "np.expand_dims(V, 0)[0, 0] = x": "V",
    "np.lib.stride_tricks.as_strided(V, (2,), (16,))[1] = x": "V",
    "P, Q = A, B\nP[0] = Q[0]": "A",
    "P = (A, B)[n]\nP[0] = x": "A B",
    "for row in A:\n    row[0] = x": "A",
    "for row, other in zip(A, B):\n    row[0] = other[1]": "A B",
    "for i, row in enumerate(A):\n    row[i] = B[i, i]": "A",
    "for record in R:\n    record.x = x": "R",
    "for P in (A, B):\n    P[0] = C[0]": "A B",
    "for at, value in np.ndenumerate(B):\n    A[at] = value": "A",
    "P = A if n else B\nP[0] = C[0]": "A B",
    "if n:\n    P = A[1:]\nelse:\n    P = B[1:]\nP += C[1:]": "A B",
    "P = A\nfor i in range(3):\n    P[0] = i\n    P = B": "A B",
    "P = A\nP = B\nP[0] = x": "B",
    "def set_first(P):\n    P[0] = x\nset_first(A)": "A",
    "def first_row(P):\n    return P[0]\nfirst_row(A)[1] = B[0, 0]": "A",
    "P = [A, B]\nP[0][0, 0] = C[0, 0]": "A B",
    "for P in literal_unroll((A, V)):\n    P[0] = x": "A V",
    "P = {0: A}\nP[0][0] = B[0]": "A",
    "pair = Pair(A, B)\npair.left[0] = x": "A B",
    # copies and scalars are no names of it
    "A.copy()[0] = x": "",
    "np.copy(A)[0] = x": "",
    "A[I][0] = x": "",
    "A[A > 3][0] = x": "",
    "P = A * 2 + B\nP += C\nP[0] = x": "",
    "y = A[0, 0]\ny += 1": "",
    "y = 0.0\nfor i in range(4):\n    y += A[i, i]\nV[0] = y": "V",
    "y = 0.0\ny = y + A\nV[0] = y[0, 0]": "V",
    "A.flatten()[0] = x": "",
    "P = np.zeros_like(A)\nP[:] = A\nP.sort()": "",
    "P = np.empty(4)\nfor i in range(4):\n    P[i] = A[i].sum()\nV[:] = P": "V",
    "P = F.T\nreturn P[0, 0] + A[0, 0]": "",
    "A = A + 1\nA[0] = x": "",
    # calls that read
    "len(A) + A.shape[0] + A.size + A.ndim": "",
    "return np.sum(A) + A.max()": "",
    "P = np.linalg.cholesky(A @ A.T + np.eye(4))\nP[0] = x": "",
    "print(len(A), x)": "",
    "V[0] = min(A[0, 0], B[0, 0]) + abs(x) + int(x) + float(n) + round(x)": "V",
    "L.count(x) + L.index(3.0) + len(L) + len(D)": "",
    "y = 0.0\nfor key, value in D.items():\n    y += value": "",
    "scaled(A[0, 0], x)": "",
    "C[:] = scaled(A, x)": "C",
    # calls that write
    "A.fill(x)": "A",
    "V.sort()": "V",
    "A[n].sort()": "A",
    "np.add(A, B, C)": "C",
    "P = np.add(A, B, C)\nP[0] = x": "C",
    "scaled(A, x, C)": "C",
    "np.dot(A, B, out=C)": "C",
    "np.clip(A, 1.0, 2.0, C)": "C",
    "np.sin(A, C[::1])": "C",
    "np.fill_diagonal(A, x)": "A",
    "np.random.shuffle(V)": "V",
    "np.nan_to_num(A, False)": "A",
    # kernels of a tiled factorisation
    "for j in range(4):\n    A[j, j] = np.sqrt(abs(A[j, j]))\n    for i in range(j + 1, 4):\n"
    "        A[i, j] /= A[j, j]\n        A[i, j + 1 :] -= A[i, j] * B[j, j + 1 :]": "A",
    # calls of jitted functions
    "fill(A, x)": "A",
    "fill(target=A[1:], value=x)": "A",
    "deep(B, A)": "A",
    "copy_into(C, A)": "C",
    "total(A)": "",
    "first(A)[0] = B[0, 0]": "A",
    "halves(A, B, 0, 4)": "A",
    "ping(A, B, 3)": "A B",
    "fill_all(A, B)": "A B",
    "with_default(A)": "",
    "apply(fill, A, B)": "A",
    "apply(read_both, A, B)": "",
    "with_kernel(A, B)": "A",
    "for row in rows(A):\n    y = row[0]": "A",
}

# Body -> the arguments that must be among those found: here too much may be found.
AT_LEAST = {
    "P = [A]\nP.append(B)\nP[1][0] = x": "B",
    "address(A)": "A",
    "unknown(A, B)": "A B",
    "A.mystery()": "A",
    "Holder(V).set(x)": "V",
    "(clear, double)[n](V)": "V",
    "external(V.ctypes)": "V",
    "with numba.objmode():\n    A[0] = 1.0": "A",
    "pair = (A, B)\nfill(*pair[:1], x)": "A",
    "for P in literal_unroll((A, B)):\n    fill(P, x)": "A B",
    "for value in np.nditer(A):\n    value[()] = x": "A",
    "P = {0: A}\nP[1] = B\nP[1][0] = x": "B",
}

PARALLEL = {
    "for i in numba.prange(4):\n    A[i] = B[i] + x": "A",
    "for i in numba.prange(4):\n    for j in range(4):\n        A[i, j] += B[j, i]": "A",
    "for i in numba.prange(4):\n    fill(A[i:], B[i, i])": "A",
    "V[0] = (A * B + C).sum()": "V",
    "y = 0.0\nfor i in numba.prange(4):\n    y += A[i, 0]\nreturn y": "",
    "A[:] = np.exp(B) + C": "A",
    "A += B * x": "A",
    "V[:] = np.sum(A) + np.max(B)": "V",
}


def names(text):
    return frozenset(text.split())


def body_of(text):
    return harness.make_body(text, **vars(callees))


@pytest.mark.parametrize("text", EXACT)
def test_exactly_what_a_body_may_write_is_found(text):
    early, late = harness.found_by_inference(body_of(text), harness.arguments().values())
    assert early == late == names(EXACT[text])


@pytest.mark.filterwarnings("ignore:First-class function")
@pytest.mark.parametrize("text", AT_LEAST)
def test_what_is_not_known_counts_as_a_write(text):
    early, late = harness.found_by_inference(body_of(text), harness.arguments().values())
    assert early >= names(AT_LEAST[text])
    assert late >= names(AT_LEAST[text])


@pytest.mark.parametrize("text", PARALLEL)
def test_parallel_bodies(text):
    early, late = harness.found_by_inference(body_of(text), harness.arguments().values(), parallel=True)
    assert early == late == names(PARALLEL[text])


@pytest.mark.parametrize("text", {**EXACT, **PARALLEL})
def test_what_changes_is_among_the_expected(text):
    assert harness.changed_by(body_of(text), harness.arguments()) <= names({**EXACT, **PARALLEL}[text])


@pytest.mark.parametrize("seed", range(2, 5))
def test_what_a_random_body_changes_is_found(seed):
    body = body_of(random_body(seed, statements=10))
    early, late = harness.found_by_inference(body, harness.arguments().values())
    changed = harness.changed_by(body, harness.arguments())
    assert changed <= early
    assert changed <= late

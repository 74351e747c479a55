"""The wheel: the package, the shared library that build has made, and the lists of its kernels."""
import ctypes
import pathlib
import re

from setuptools import Distribution, setup
from wheel.bdist_wheel import bdist_wheel

library = ctypes.CDLL(str(pathlib.Path(__file__).with_name("bitstep") / "libbitstep.so"))
library.bitstep_version.restype = ctypes.c_char_p
release = re.fullmatch(r"v(\d+\.\d+\.\d+)", library.bitstep_version().decode())


class Binary(Distribution):
    """A package of a platform's, although no extension module is built."""

    def has_ext_modules(self):
        return True


class Wheel(bdist_wheel):
    """One wheel for every Python 3 of the platform, since the library knows nothing of Python."""

    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


setup(
    name="bitstep",
    version=release[1] if release else "0.dev0",
    description="Optimizer steps and matrix products with the same bits on every CPU",
    url="https://github.com/bitstep-go/bitstep",
    license="BSD-3-Clause",
    packages=["bitstep"],
    package_data={"bitstep": ["libbitstep.so", "bitstep.json", "kernels.json"]},
    python_requires=">=3.9",
    install_requires=["numpy"],
    extras_require={"torch": ["torch"]},
    distclass=Binary,
    cmdclass={"bdist_wheel": Wheel},
)

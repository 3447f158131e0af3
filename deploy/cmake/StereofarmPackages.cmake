# Every library that the farm builds on; docs/dependencies.md says why each is here. First what models takes, with its
# tests: all that STEREOFARM_ONLY_MODELS builds.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(OpenCV 4 REQUIRED COMPONENTS core imgproc video calib3d)
find_package(CLI11 CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)

# Gives stereofarm_torch, the target that models links.
find_package(Torch 2 REQUIRED)

if(STEREOFARM_TESTS)
  find_package(GTest CONFIG REQUIRED)
  find_package(benchmark CONFIG REQUIRED)
  include(GoogleTest)
endif()

# By pkg-config: its CMake files insist on its command-line tools being installed. Models needs it for one test.
set(_need REQUIRED)
if(STEREOFARM_ONLY_MODELS)
  set(_need "")
endif()
pkg_check_modules(OPENIMAGEIO ${_need} IMPORTED_TARGET OpenImageIO)
unset(_need)
if(OPENIMAGEIO_FOUND)
  add_library(OpenImageIO::OpenImageIO ALIAS PkgConfig::OPENIMAGEIO)
endif()
if(STEREOFARM_ONLY_MODELS)
  return()
endif()

find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(CURL REQUIRED)
pkg_check_modules(FFMPEG REQUIRED IMPORTED_TARGET libavformat libavcodec libavutil libswscale)
pkg_check_modules(ZIMG REQUIRED IMPORTED_TARGET zimg)
if(STEREOFARM_TESTS)
  pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)
endif()

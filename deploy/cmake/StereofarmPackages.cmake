# Every library that the farm builds on; docs/dependencies.md says why each is here.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(OpenCV 4 REQUIRED COMPONENTS core imgproc video calib3d)
find_package(CLI11 CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(CURL REQUIRED)
pkg_check_modules(FFMPEG REQUIRED IMPORTED_TARGET libavformat libavcodec libavutil libswscale)
pkg_check_modules(ZIMG REQUIRED IMPORTED_TARGET zimg)
# By pkg-config: its CMake files insist on its command-line tools being installed.
pkg_check_modules(OPENIMAGEIO REQUIRED IMPORTED_TARGET OpenImageIO)
add_library(OpenImageIO::OpenImageIO ALIAS PkgConfig::OPENIMAGEIO)

# Gives stereofarm_torch, the target that models links.
find_package(Torch 2 REQUIRED)

if(STEREOFARM_TESTS)
  find_package(GTest CONFIG REQUIRED)
  find_package(benchmark CONFIG REQUIRED)
  pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)
  include(GoogleTest)
endif()

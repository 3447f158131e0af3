# Every library that the farm builds on; docs/dependencies.md says why each is here.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(OpenCV REQUIRED COMPONENTS core imgproc video calib3d)
find_package(OpenImageIO CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
pkg_check_modules(FFMPEG REQUIRED IMPORTED_TARGET libavformat libavcodec libavutil libswscale)
pkg_check_modules(ZIMG REQUIRED IMPORTED_TARGET zimg)

# An existing LibTorch 2.x named by Torch_DIR, Torch_ROOT or CMAKE_PREFIX_PATH (variable or environment) comes first.
list(APPEND CMAKE_PREFIX_PATH "${STEREOFARM_LIBTORCH_DIR}")
find_package(Torch 2 REQUIRED)
# Torch's own flags are for its targets alone: keep them off the other rooms.
add_library(stereofarm_torch INTERFACE)
target_include_directories(stereofarm_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
target_link_libraries(stereofarm_torch INTERFACE ${TORCH_LIBRARIES})

if(STEREOFARM_TESTS)
  find_package(GTest CONFIG REQUIRED)
  find_package(benchmark CONFIG REQUIRED)
  include(GoogleTest)
endif()

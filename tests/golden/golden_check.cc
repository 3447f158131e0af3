// The program `golden_check`: our networks beside what reference implementations made.
#include <ATen/Context.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "models/nn/torch_calls.h"
#include "tests/golden/golden_set.h"
#include "tests/golden/time_forward.h"

namespace stereofarm {
namespace {

constexpr int kDiffers = 1;
constexpr int kBadInput = 2;

// What LibTorch throws ends here.
absl::Status Guarded(const std::function<absl::Status()>& work) {
  try {
    return work();
  } catch (const std::exception& e) {
    return absl::InvalidArgumentError(e.what());
  }
}

int Failed(const absl::Status& status) {
  fprintf(stderr, "golden_check: %s\n", std::string(status.message()).c_str());
  return kBadInput;
}

int CheckFolders(const std::vector<std::string>& folders, double tolerance,
                 const ParameterPlace& place) {
  int compared = 0, differing = 0;
  double worst = 0;
  Comparison comparison([&](const std::string& item, const std::string& tensor, double error) {
    const bool differs = !(error <= tolerance);
    printf("%-48s %-40s %.2g%s\n", item.c_str(), tensor.c_str(), error, differs ? "  DIFFERS" : "");
    fflush(stdout);
    ++compared;
    differing += differs ? 1 : 0;
    worst = std::max(worst, error);
  });
  int failed = 0;
  for (const std::string& folder : folders) {
    absl::StatusOr<std::vector<GoldenRun>> runs = FindGoldenRuns(folder);
    if (!runs.ok()) return Failed(runs.status());
    for (GoldenRun& run : *runs) {
      run.place = place;
      const absl::Status status = Guarded([&] { return Check(run, &comparison); });
      if (!status.ok()) failed = Failed(status);
    }
  }
  printf("%d tensors compared, %d beyond %g of their range, worst %.2g\n", compared, differing,
         tolerance, worst);
  if (failed != 0) return failed;
  return differing > 0 || compared == 0 ? kDiffers : 0;
}

int Main(int argc, char** argv) {
  CLI::App program(
      "Runs the networks that folders of golden data hold and compares what comes out, tensor by\n"
      "tensor, with what the reference made: the largest difference relative to the range.\n"
      "Exit status: 0 all within the tolerance, 1 some beyond it, 2 a folder can't be used.",
      "golden_check");
  std::vector<std::string> paths;
  double tolerance = 2e-5;
  TimedForward how;
  how.repeats = 0;
  std::string size = "518x924", device = "cpu";
  at::ScalarType type = at::kFloat;
  program.add_option("PATH", paths, "folders of golden data; with --time, files of weights")
      ->required();
  program.add_option("--tolerance", tolerance, "of the range of each tensor's values")
      ->capture_default_str();
  CLI::Option* time =
      program.add_option("--time", how.repeats, "time so many forwards of the files' networks")
          ->check(CLI::Range(1, 1000));
  program.add_option("--size", size, "HEIGHTxWIDTH of the timed picture")
      ->needs(time)
      ->capture_default_str();
  program.add_option("--threads", how.threads, "of the timed forward; 0: as LibTorch decides")
      ->needs(time)
      ->check(CLI::Range(0, 1024));
  program.add_option("--batch", how.batch, "pictures (or windows of them) in the timed forward")
      ->needs(time)
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  program.add_option("--device", device, "cpu or cuda:N")->capture_default_str();
  const std::map<std::string, at::ScalarType> types = {
      {"float32", at::kFloat}, {"float16", at::kHalf}, {"bfloat16", at::kBFloat16}};
  program.add_option("--type", type, "float32, float16 or bfloat16")
      ->transform(CLI::CheckedTransformer(types))
      ->default_str("float32");
  CLI11_PARSE(program, argc, argv);
  const absl::StatusOr<c10::Device> place = FindTorchDevice(device);
  if (!place.ok()) return Failed(place.status());
  // What is compared is float32 all through.
  at::globalContext().setAllowTF32CuDNN(false);
  how.place = {*place, type};
  if (how.repeats == 0) return CheckFolders(paths, tolerance, how.place);
  int height = 0, width = 0;
  char rest = 0;
  if (std::sscanf(size.c_str(), "%dx%d%c", &height, &width, &rest) != 2 || height < 14 ||
      width < 14 || height > 8192 || width > 8192) {
    return Failed(absl::InvalidArgumentError(
        absl::StrFormat("--size: \"%s\" isn't HEIGHTxWIDTH, like 518x924", size)));
  }
  how.height = height;
  how.width = width;
  for (const std::string& path : paths) {
    const absl::Status status = Guarded([&]() -> absl::Status {
      SF_ASSIGN_OR_RETURN(const std::string line, TimeForward(path, how));
      printf("%s\n", line.c_str());
      return absl::OkStatus();
    });
    if (!status.ok()) return Failed(status);
  }
  return 0;
}

}  // namespace
}  // namespace stereofarm

int main(int argc, char** argv) { return stereofarm::Main(argc, argv); }

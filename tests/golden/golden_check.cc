// The program `golden_check`: our networks beside what reference implementations made.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
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

int CheckFolders(const std::vector<std::string>& folders, double tolerance) {
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
    const absl::StatusOr<std::vector<GoldenRun>> runs = FindGoldenRuns(folder);
    if (!runs.ok()) return Failed(runs.status());
    for (const GoldenRun& run : *runs) {
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
  std::string size = "518x924";
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
  CLI11_PARSE(program, argc, argv);
  if (how.repeats == 0) return CheckFolders(paths, tolerance);
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

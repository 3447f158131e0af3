#include "tests/architecture/include_rules.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <regex>
#include <set>
#include <sstream>

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

// Who may include whom: files below `folder` may include our own headers below `may_include`. The
// first row that fits a file counts. tests/unit/ROOM/... may include what ROOM/... may, and
// tests/support; other tests anything.
struct RoomRule {
  std::string folder;
  std::vector<std::string> may_include;
};
const std::vector<RoomRule> kRoomRules = {
    {"common/", {"common/"}},
    {"proto/", {"common/", "proto/"}},
    {"models/api/", {"common/base/", "common/image/", "models/api/"}},
    {"models/weights/", {"common/base/", "models/weights/"}},
    {"models/registry/",
     {"common/base/", "common/image/", "models/api/", "models/weights/", "models/registry/"}},
    {"models/", {"common/base/", "common/image/", "models/"}},
    {"coordinator/", {"common/", "proto/", "models/registry/", "coordinator/"}},
    {"worker/", {"common/", "proto/", "models/", "worker/"}},
};

// Who may include whose library: headers that match `headers` only below `folders`, but not below
// `except`; '*' there stands for the files that hold a main(). With `hidden`, no header of ours may
// carry them to anywhere else either.
struct LibraryRule {
  std::string name;
  std::regex headers;
  std::vector<std::string> folders;
  std::vector<std::string> except;
  bool hidden = true;
};
const std::vector<LibraryRule> kLibraryRules = {
    {"SQLite", std::regex("sqlite3.*\\.h"), {"coordinator/store/"}, {}},
    {"FFmpeg", std::regex("lib(av|sw)[a-z]+/.*"), {"common/media/"}, {}},
    {"zimg", std::regex("zimg.*"), {"common/media/"}, {}},
    {"OpenEXR", std::regex("(OpenImageIO|OpenEXR|Imath)/.*"), {"common/exr/"}, {}},
    {"libpng", std::regex("png\\.h"), {"common/exr/"}, {}},
    {"LibTorch",
     std::regex("(torch|ATen|c10|caffe2)/.*"),
     {"models/"},
     {"models/api/", "models/registry/", "models/weights/"}},
    {"CUDA", std::regex("cuda_[a-z0-9_]+\\.h"), {"models/stereo/cuda/"}, {}},
    {"OpenCV",
     std::regex("opencv.*"),
     {"models/"},
     {"models/api/", "models/registry/", "models/weights/"}},
    {"libcurl", std::regex("curl/.*"), {"coordinator/cli/"}, {}},
    {"OpenSSL", std::regex("openssl/.*"), {"common/base/", "common/certs/"}, {}},
    {"gRPC",
     std::regex("grpc(pp|\\+\\+)?/.*|.*\\.grpc\\.pb\\.h"),
     {"proto/", "coordinator/service/", "coordinator/cli/", "worker/agent/", "*"},
     {},
     /*hidden=*/false},
    {"generated Protobuf code",
     std::regex(".*\\.pb\\.h|google/protobuf/.*"),
     {"proto/", "coordinator/service/", "coordinator/cli/", "worker/agent/", "*"},
     {},
     /*hidden=*/false},
};

const std::vector<std::string> kRooms = {"common/", "proto/",       "models/",
                                         "worker/", "coordinator/", "tests/"};

// Folders of tests/unit that mirror an inner folder of a room.
const std::map<std::string, std::string> kMirrors = {
    {"depth/", "models/depth/"}, {"media/", "common/media/"}, {"stereo/", "models/stereo/"}};

bool Below(const std::string& path, const std::vector<std::string>& folders) {
  return std::any_of(folders.begin(), folders.end(),
                     [&](const std::string& folder) { return path.starts_with(folder); });
}

bool HoldsMain(const std::string& path) {
  static const std::regex pattern("(.*/)?(\\w+_)?main\\.cc");
  return std::regex_match(path, pattern);
}

struct Include {
  int line = 0;
  std::string header;
  bool quoted = false;
};

std::vector<Include> IncludesOf(const std::string& text) {
  static const std::regex pattern("\\s*#\\s*include\\s*([<\"])([^>\"]+)[>\"].*");
  std::vector<Include> includes;
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::smatch match;
    if (line.find("include") != std::string::npos && std::regex_match(line, match, pattern)) {
      includes.push_back({number, match[2], match[1] == "\""});
    }
  }
  return includes;
}

// The room's path that stands for a file when rules are looked up: a unit test counts as part of
// the folder that it mirrors. nullopt: a test that may see everything.
std::optional<std::string> PlaceOf(const std::string& path) {
  const std::string unit = "tests/unit/";
  if (!path.starts_with("tests/")) return path;
  if (!path.starts_with(unit)) return std::nullopt;
  const std::string place = path.substr(unit.size());
  for (const auto& [folder, mirrored] : kMirrors) {
    if (place.starts_with(folder)) return mirrored + place.substr(folder.size());
  }
  return place;
}

bool MayUse(const LibraryRule& rule, const std::string& path) {
  const std::optional<std::string> place = PlaceOf(path);
  if (!place) return true;
  if (path != *place) {
    // Tests of a room needn't mirror its inner folders.
    const std::string room = place->substr(0, place->find('/') + 1);
    return std::any_of(rule.folders.begin(), rule.folders.end(),
                       [&](const std::string& folder) { return folder.starts_with(room); });
  }
  if (Below(path, rule.except)) return false;
  if (Below(path, rule.folders)) return true;
  return HoldsMain(path) &&
         std::find(rule.folders.begin(), rule.folders.end(), "*") != rule.folders.end();
}

std::string Join(const std::vector<std::string>& names) {
  std::string joined;
  for (const std::string& name : names) {
    joined += (joined.empty() ? "" : ", ") + (name == "*" ? "files that hold a main()" : name);
  }
  return joined;
}

// The header of the library that `header`, one of ours, brings along, directly or through others of
// ours.
std::optional<std::string> Carried(const LibraryRule& rule, const std::string& header,
                                   const std::map<std::string, std::vector<Include>>& tree,
                                   std::set<std::string>* seen) {
  const auto file = tree.find(header);
  if (file == tree.end() || !seen->insert(header).second) return std::nullopt;
  for (const Include& include : file->second) {
    if (std::regex_match(include.header, rule.headers)) return include.header;
    if (auto carried = Carried(rule, include.header, tree, seen)) return carried;
  }
  return std::nullopt;
}

}  // namespace

SourceTree ReadSources(const std::string& root) {
  SourceTree sources;
  for (const std::string& room : kRooms) {
    if (!fs::is_directory(fs::path(root) / room)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(root) / room)) {
      const std::string extension = entry.path().extension();
      if (!entry.is_regular_file() ||
          (extension != ".h" && extension != ".cc" && extension != ".cu" && extension != ".cuh")) {
        continue;
      }
      std::ostringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      sources[fs::relative(entry.path(), root).generic_string()] = text.str();
    }
  }
  return sources;
}

std::vector<std::string> CheckIncludes(const SourceTree& sources) {
  std::map<std::string, std::vector<Include>> tree;
  for (const auto& [path, text] : sources) tree[path] = IncludesOf(text);

  std::vector<std::string> broken;
  for (const auto& [path, includes] : tree) {
    const std::optional<std::string> place = PlaceOf(path);
    const auto room =
        !place ? kRoomRules.end()
               : std::find_if(kRoomRules.begin(), kRoomRules.end(), [&](const RoomRule& rule) {
                   return place->starts_with(rule.folder);
                 });
    for (const Include& include : includes) {
      const auto report = [&, &path = path](const std::string& why) {
        broken.push_back(path + ":" + std::to_string(include.line) + ": " + why);
      };
      const std::string name = "\"" + include.header + "\"";
      if (room != kRoomRules.end() && Below(include.header, kRooms) &&
          !Below(include.header, room->may_include) &&
          !(path != *place && include.header.starts_with("tests/"))) {
        report(name + " is out of bounds: " + room->folder + " may include " +
               Join(room->may_include) + " of ours and nothing else");
      }
      bool foreign = false;
      for (const LibraryRule& rule : kLibraryRules) {
        const std::string owners = rule.name + " belongs to " + Join(rule.folders) +
                                   (rule.except.empty() ? "" : " (not " + Join(rule.except) + ")") +
                                   " alone";
        if (std::regex_match(include.header, rule.headers)) {
          foreign = true;
          if (!MayUse(rule, path)) report(name + " is out of bounds: " + owners);
        } else if (rule.hidden && !MayUse(rule, path)) {
          std::set<std::string> seen;
          if (auto carried = Carried(rule, include.header, tree, &seen)) {
            report(name + " brings \"" + *carried + "\" along: " + owners);
          }
        }
      }
      if (include.quoted && !foreign && include.header.find('/') == std::string::npos) {
        report(name + " isn't named from the repository root");
      }
    }
  }
  return broken;
}

}  // namespace stereofarm

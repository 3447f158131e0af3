#include "models/weights/safetensors_header.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "models/weights/quoted.h"

namespace stereofarm {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kMetadata = "__metadata__";

// Takes the events of nlohmann's parser, which keeps no tree and no stack of calls. Each returns
// false to end the parsing, with status() set.
class HeaderReader : public nlohmann::json_sax<Json> {
 public:
  const absl::Status& status() const { return status_; }
  SafetensorsHeader Take() { return std::move(header_); }

  bool start_object(std::size_t) override {
    switch (place_) {
      case Place::kOutside:
        place_ = Place::kTop;
        return true;
      case Place::kTop:
        place_ = name_ == kMetadata ? Place::kMetadata : Place::kTensor;
        entry_ = {};
        type_known_ = false;
        shape_known_ = false;
        offsets_.reset();
        return true;
      default:
        return Unexpected("an object");
    }
  }

  bool key(std::string& key) override {
    switch (place_) {
      case Place::kTop:
        name_ = key;
        if (!names_.insert(key).second) return Fail("it stands there twice");
        if (names_.size() > kMaxTensors + 1) {
          return Fail(absl::StrFormat("it is one of more than %d tensors", kMaxTensors));
        }
        return true;
      case Place::kMetadata:
        if (header_.metadata.contains(key)) {
          return Fail(absl::StrFormat("%s stands there twice", Quoted(key)));
        }
        field_ = key;
        return true;
      default:
        field_ = key;
        if ((key == "dtype" && type_known_) || (key == "shape" && shape_known_) ||
            (key == "data_offsets" && offsets_)) {
          return Fail(absl::StrFormat("%s stands there twice", Quoted(key)));
        }
        if (key == "dtype" || key == "shape" || key == "data_offsets") return true;
        return Fail(absl::StrFormat("%s is no field of a tensor", Quoted(key)));
    }
  }

  bool end_object() override {
    switch (place_) {
      case Place::kTensor:
        if (!type_known_) return Fail("it has no dtype");
        if (!shape_known_) return Fail("it has no shape");
        if (!offsets_) return Fail("it has no data_offsets");
        if (offsets_->size() != 2) return Fail("its data_offsets are not two numbers");
        entry_.begin = (*offsets_)[0];
        entry_.end = (*offsets_)[1];
        header_.tensors.emplace(name_, std::move(entry_));
        place_ = Place::kTop;
        return true;
      case Place::kMetadata:
        place_ = Place::kTop;
        return true;
      default:
        place_ = Place::kOutside;
        return true;
    }
  }

  bool start_array(std::size_t) override {
    if (place_ != Place::kTensor || field_ == "dtype") return Unexpected("a list");
    if (field_ == "shape") {
      place_ = Place::kShape;
      shape_known_ = true;
    } else {
      place_ = Place::kOffsets;
      offsets_.emplace();
    }
    return true;
  }

  bool end_array() override {
    place_ = Place::kTensor;
    return true;
  }

  bool number_unsigned(number_unsigned_t value) override {
    if (place_ != Place::kShape && place_ != Place::kOffsets) return Unexpected("a number");
    if (value > static_cast<number_unsigned_t>(std::numeric_limits<int64_t>::max())) {
      return Fail(absl::StrFormat("%d is too large a number", value));
    }
    std::vector<int64_t>& list = place_ == Place::kShape ? entry_.shape : *offsets_;
    if (list.size() >= kMaxRank) {
      return Fail(absl::StrFormat("its %s has more than %d numbers", field_, kMaxRank));
    }
    list.push_back(static_cast<int64_t>(value));
    return true;
  }

  bool string(std::string& value) override {
    if (place_ == Place::kMetadata) {
      header_.metadata.emplace(field_, value);
      return true;
    }
    if (place_ != Place::kTensor || field_ != "dtype") return Unexpected("a text");
    const std::optional<ElementType> type = ParseElementType(value);
    if (!type) return Fail(absl::StrFormat("its dtype %s is none that is read", Quoted(value)));
    entry_.type = *type;
    type_known_ = true;
    return true;
  }

  bool number_integer(number_integer_t value) override {
    return Fail(absl::StrFormat("%d is negative", value));
  }
  bool number_float(number_float_t, const std::string& text) override {
    return Fail(absl::StrFormat("%s is no integer of 64 bits", Quoted(text)));
  }
  bool null() override { return Unexpected("null"); }
  bool boolean(bool) override { return Unexpected("a boolean"); }
  bool binary(binary_t&) override { return Unexpected("binary data"); }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    status_ = absl::InvalidArgumentError(
        absl::StrFormat("the header is no sound JSON at byte %d", position));
    return false;
  }

 private:
  enum class Place { kOutside, kTop, kTensor, kShape, kOffsets, kMetadata };

  bool Fail(const std::string& what) {
    status_ = absl::InvalidArgumentError(
        name_.empty() ? "in the header, " + what
                      : absl::StrFormat("in the header, at %s: %s", Quoted(name_), what));
    return false;
  }
  bool Unexpected(const std::string& what) { return Fail(what + " stands where none belongs"); }

  Place place_ = Place::kOutside;
  std::string name_;   // of the tensor
  std::string field_;  // of its fields
  std::set<std::string> names_;
  SafetensorsEntry entry_;
  bool type_known_ = false;
  bool shape_known_ = false;
  std::optional<std::vector<int64_t>> offsets_;
  SafetensorsHeader header_;
  absl::Status status_ = absl::OkStatus();
};

}  // namespace

absl::StatusOr<SafetensorsHeader> ParseSafetensorsHeader(std::string_view json) {
  HeaderReader reader;
  if (!Json::sax_parse(json, &reader)) {
    return reader.status().ok() ? absl::InvalidArgumentError("the header is no sound JSON")
                                : reader.status();
  }
  return reader.Take();
}

}  // namespace stereofarm

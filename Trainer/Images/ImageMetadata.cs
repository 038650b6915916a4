using NetVips;

namespace FocalNet.Trainer.Images;

/// <summary>EXIF, ICC, XMP and IPTC between a file and <see cref="PictureFormat.Metadata"/>.</summary>
internal static class ImageMetadata
{
    public static IReadOnlyList<MetadataField> Read(Image image)
    {
        var fields = new List<MetadataField>();
        foreach (var name in image.GetFields().Where(IsKept))
        {
            switch (image.Get(name))
            {
                case byte[] bytes:
                    fields.Add(new MetadataField(name, null, bytes));
                    break;
                case string text:
                    fields.Add(new MetadataField(name, text, null));
                    break;
            }
        }

        return fields;
    }

    public static Image Apply(Image image, PictureFormat format, bool keepProfile)
    {
        using var sized = image.Copy(xres: format.HorizontalResolution, yres: format.VerticalResolution);
        return sized.Mutate(target =>
        {
            foreach (var field in format.Metadata)
            {
                if (field.Name == MetadataField.IccProfile && !keepProfile)
                {
                    continue;
                }

                if (field.Bytes is not null)
                {
                    target.Set(GValue.BlobType, field.Name, field.Bytes);
                }
                else if (field.Text is not null)
                {
                    target.Set(GValue.GStrType, field.Name, field.Text);
                }
            }

            if (format.Metadata.Any(field => field.Name == MetadataField.Exif))
            {
                // Reading has turned the picture upright; the EXIF block still says otherwise.
                target.Set(GValue.GIntType, "orientation", 1);
            }
        });
    }

    // libvips writes the EXIF block anew from its "exif-ifd…" fields and drops what has no field, so the
    // block alone is not enough. The embedded thumbnail stays behind: it would show the unrestored picture.
    private static bool IsKept(string name) =>
        name is MetadataField.IccProfile or MetadataField.Exif or MetadataField.Xmp or MetadataField.Iptc
        || name.StartsWith("exif-ifd", StringComparison.Ordinal)
        || name.StartsWith("png-comment-", StringComparison.Ordinal);
}

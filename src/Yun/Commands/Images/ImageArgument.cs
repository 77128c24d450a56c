using Yun.Oci;

namespace Yun.Commands.Images;

/// <summary>An image's name from the command line.</summary>
public static class ImageArgument
{
    public static ImageReference Parse(string text)
    {
        try
        {
            return ImageReference.Parse(text);
        }
        catch (FormatException error)
        {
            throw new FailureException(error.Message);
        }
    }

    /// <summary>The name that an image is to be given.</summary>
    public static ImageReference ParseNew(string text)
    {
        try
        {
            return ImageReference.Parse(text);
        }
        catch (FormatException error)
        {
            throw new FailureException($"Error parsing reference: \"{text}\" is not a valid repository/tag: {error.Message}");
        }
    }
}

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
}

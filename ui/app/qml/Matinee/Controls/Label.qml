import QtQuick
import Matinee.Theme

// Text in the theme's type. Screen readers get it as static text unless a parent speaks for it.
Text {
    color: Theme.text
    font.family: Theme.family
    font.pixelSize: Theme.body
    elide: Text.ElideRight
    horizontalAlignment: Text.AlignLeft // and so to the right where everything is
    textFormat: Text.PlainText
    Accessible.role: Accessible.StaticText
    Accessible.name: text
}

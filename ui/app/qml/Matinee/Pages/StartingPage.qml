import QtQuick
import Matinee.Theme
import Matinee.Controls

// Shown while an earlier sign-in is taken up again.
FocusScope {
    id: root

    property string message

    Column {
        anchors.centerIn: parent
        spacing: Theme.wide
        Wordmark {
            anchors.horizontalCenter: parent.horizontalCenter
            size: Theme.hero
        }
        Spinner {
            anchors.horizontalCenter: parent.horizontalCenter
            size: Theme.px(36)
            color: Theme.muted
        }
    }
    Item { focus: true } // the focus has a place until the next page takes it
}
